//! The eight steps: arguments and one call each.

pub mod start;
pub mod prove;
pub mod check;
pub mod test;
pub mod commit;
pub mod submit;
pub mod cleanup;
pub mod follow_up;
