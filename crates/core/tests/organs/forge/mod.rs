//! forge: the push, the way to the forge, and what each forge is asked.

mod deliver;
mod detect;
mod http;
mod token;
