//! Tests of `record`.

mod fold;
mod journal;
mod pack;
mod reviews;
mod sandbox;
mod share;
mod store;
