//! Twenty false fixes and twenty right ones, in small projects of six ecosystems.
//!
//! None of the false ones may be called proven, and none that breaks something may pass the gate of the critical tests.
//! Every right one must be proven, pass and be shipped without a line of configuration. The cases were written without
//! a look into the prover; whoever changes the prover leaves them as they are.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "a test fails by panicking; helpers outside #[test] need it said"
)]

mod bench;
#[macro_use]
mod cases;
mod rust;
mod with_cmake;
mod with_go;
mod with_java;
mod with_node;
mod with_python;

use cases::Kind;

#[test]
fn there_are_twenty_of_each_kind_and_no_name_is_used_twice() {
    let all = [
        rust::CASES,
        with_cmake::CASES,
        with_go::CASES,
        with_java::CASES,
        with_node::jest::CASES,
        with_node::node_test::CASES,
        with_node::vitest::CASES,
        with_python::CASES,
    ]
    .concat();
    for kind in [Kind::False, Kind::Right] {
        assert_eq!(all.iter().filter(|case| case.kind == kind).count(), 20, "{kind:?}");
    }
    let names: std::collections::BTreeSet<&str> = all.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), all.len());
}
