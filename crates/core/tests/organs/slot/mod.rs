//! Tests of `slot`, on real repositories.

mod canary;
mod crash;
mod crowd;
mod forks;
mod killed;
mod include;
mod laying;
mod parking;
mod refreshing;
mod removing;
mod same;
mod sandbox;
mod sparse;
mod stale;
mod strangers;
mod taking;
