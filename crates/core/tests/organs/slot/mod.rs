//! Tests of `slot`, on real repositories.

mod crash;
mod crowd;
mod forks;
mod include;
mod laying;
mod parking;
mod refreshing;
mod sandbox;
mod taking;
