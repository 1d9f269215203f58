//! forge: the push, the way to the forge, and what each forge is asked.

mod azure;
mod bitbucket;
mod deliver;
mod desk;
mod detect;
mod faults;
mod github;
mod gitlab;
mod http;
mod recorded;
mod round_trips;
mod shapes;
mod token;
