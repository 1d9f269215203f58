//! Runs that fought with something else that ran at the same time.

use hotfix_model::Run;

/// What systems and tools say when a port or a name is taken, in lower case: `EADDRINUSE`, as C libraries, Node, Rust,
/// Java and containers put it.
const TAKEN: &[&str] = &[
    "already in use",
    "eaddrinuse",
    "addrinuse",
    "address in use",
    "already allocated",
    "database is locked",
    "database table is locked",
    "database schema is locked",
    "lock wait timeout",
    "could not obtain lock",
    "being accessed by other users",
    "used by another process",
    "resource temporarily unavailable",
    "blockingioerror",
];

/// Whether a run failed and says that something it needed was taken. Beside another run that is no result.
pub fn found_something_taken(run: &Run) -> bool {
    let reasons = run.broken().filter_map(|case| case.reason.as_deref());
    let not_loaded = run.not_loaded.iter().map(|(_, reason)| reason.as_str());
    let mut said = reasons.chain(not_loaded).chain([run.tail.as_str()]);
    let failed = run.exit != Some(0) || run.broken().next().is_some();
    failed && said.any(|text| TAKEN.iter().any(|taken| text.to_ascii_lowercase().contains(taken)))
}

#[cfg(test)]
mod tests {
    use hotfix_model::RunEnd;

    use super::*;

    #[test]
    fn only_what_failed_fought() {
        let run = |exit, tail: &str| Run {
            runner: "x".to_owned(),
            command: Vec::new(),
            end: RunEnd::Finished,
            exit: Some(exit),
            cases: Vec::new(),
            counted: false,
            claimed: None,
            not_loaded: Vec::new(),
            tail: tail.to_owned(),
            foreign: None,
            elapsed_ms: 0,
        };
        for taken in [
            "OSError: [Errno 98] Address already in use",
            "Error: listen EADDRINUSE: address already in use :::3000",
            "bind: address already in use",
            "kind: AddrInUse",
            "sqlite3.OperationalError: database is locked",
            "BlockingIOError: [Errno 11] Resource temporarily unavailable",
            "ERROR: database \"shop_test\" is being accessed by other users",
        ] {
            assert!(found_something_taken(&run(1, taken)), "{taken}");
            assert!(!found_something_taken(&run(0, taken)), "{taken}");
        }
        assert!(!found_something_taken(&run(1, "assert 1 == 2")));
    }
}
