//! A service without any language's tools: a till whose sum is wrong, tested by a shell script. Starts in
//! milliseconds, so that whole flows can be tested by the hundred.

/// `src/till.sh` with the bug.
pub const SOURCE: &str = "#!/bin/sh\n# Prints the sum of all prices.\nsum=0\nfor price in \"$@\"; do sum=$price; done\necho \"$sum\"\n";

/// `src/till.sh` with the fix.
pub const FIXED_SOURCE: &str = "#!/bin/sh\n# Prints the sum of all prices.\nsum=0\nfor price in \"$@\"; do sum=$((sum + price)); done\necho \"$sum\"\n";

/// `tests/test_till.sh` as it is in production.
pub const TEST: &str = "test \"$(sh src/till.sh 3)\" = 3\n";

/// `tests/test_till.sh` that fails with [`SOURCE`] and passes with [`FIXED_SOURCE`].
pub const NEW_TEST: &str = "test \"$(sh src/till.sh 3)\" = 3 && test \"$(sh src/till.sh 1 2)\" = 3\n";

/// What runs the test.
pub const COMMAND: &[&str] = &["sh", "tests/test_till.sh"];

/// `hotfix.toml` of the service.
pub const CONFIG: &str = "[test]\ncommand = \"sh tests/test_till.sh\"\n";

/// All files of the service as in production, with their paths.
pub const FILES: &[(&str, &[u8])] = &[
    (".gitignore", b"*.log\n"),
    ("README.md", b"# Till\n"),
    ("hotfix.toml", CONFIG.as_bytes()),
    ("src/till.sh", SOURCE.as_bytes()),
    ("tests/test_till.sh", TEST.as_bytes()),
];
