//! Tests of `record`.

mod fold;
mod journal;
mod pack;
mod sandbox;
mod share;
mod store;
