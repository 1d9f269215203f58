//! The released program has no way to be killed or held from outside at a named point.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::process::quiet;
use crate::workspace::{cargo, release_binary};

/// The variable that hotfix-core's feature `failpoints` reads.
const VARIABLE: &[u8] = b"HOTFIX_FAILPOINT";

/// Builds the program as it is released and looks into it.
pub fn check() -> Result<()> {
    quiet(cargo(&["build", "--release", "-p", "git-hotfix"])?)?;
    let path = release_binary()?;
    let program = fs::read(&path).with_context(|| path.display().to_string())?;
    ensure!(!holds(&program, VARIABLE), "{} has failpoints", path.display());
    Ok(())
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_found_anywhere_in_a_program() {
        assert!(holds(b"\0\x7fHOTFIX_FAILPOINT:", VARIABLE));
        assert!(!holds(b"HOTFIX_FAIL\0POINT", VARIABLE));
        assert!(!holds(b"", VARIABLE));
    }

    #[test]
    fn the_name_is_the_one_that_the_code_reads() {
        let code = include_str!("../../../crates/core/src/failpoint.rs");
        assert!(holds(code.as_bytes(), VARIABLE));
    }
}
