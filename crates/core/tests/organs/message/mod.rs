//! Tests of `message`.

mod request;
mod secrets;
mod words;
