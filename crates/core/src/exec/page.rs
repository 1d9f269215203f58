//! A text shown by a program that has the terminal to itself until the reader leaves.

use std::io::Write;
use std::process::Stdio;

use super::{Command, ExecError, wait};
use crate::ctx::Ctx;

/// Shows a text and waits. The child stays in our group, for it reads keys from our terminal.
pub fn show(command: &Command, ctx: &Ctx, text: &str) -> Result<(), ExecError> {
    let failed = |source| ExecError::starting(&command.program, source);
    let mut child = wait::prepare(command, ctx);
    child.stdin(Stdio::piped()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
    let mut running = child.spawn().map_err(failed)?;
    if let Some(mut input) = running.stdin.take() {
        // A reader who leaves early wants no more of it.
        input.write_all(text.as_bytes()).ok();
    }
    running.wait().map(drop).map_err(failed)
}
