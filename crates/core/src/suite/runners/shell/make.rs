//! make: whether a call of it runs anything. Make itself is asked for the commands it would run (`-n`): a target that is
//! up to date, as one that has the name of a folder is, has none.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use crate::ctx::Ctx;
use crate::exec::{Command, Finished};
use crate::suite::{Place, idle};

/// How long make may take to say what it would run.
const PATIENCE: Duration = Duration::from_mins(1);
/// Its names.
const NAMES: &[&str] = &["make", "gmake"];
/// What makes it print the commands that it would run, and nothing else.
const ASKING: &[&str] = &["-n", "-s", "--no-print-directory"];
/// Signs of shell that make a line more than one plain call.
const SIGNS: &[char] =
    &[';', '&', '|', '<', '>', '$', '`', '"', '\'', '(', ')', '*', '?', '\\', '~', '#', '\n'];

/// Why a command runs no test, if it calls make and make would run nothing that could be one. `None` also where make
/// cannot tell.
pub fn runs_nothing(ctx: &Ctx, place: &Place<'_>, words: &[OsString]) -> Option<String> {
    let command = asking(words)?.dir(place.root).contained().deadline(PATIENCE);
    let finished = command.run(ctx).ok().filter(Finished::success)?;
    let commands = String::from_utf8_lossy(&finished.stdout).into_owned();
    let shown = words.last().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    if commands.trim().is_empty() {
        return Some(format!(
            "no test ran: make has nothing to do for {shown:?}; where a file or folder has the name of the target, declare it .PHONY"
        ));
    }
    idle::does_nothing(&commands)
        .then(|| format!("no test ran: all that make runs for {shown:?} is {:?}", commands.trim()))
}

/// The same call with the question; `None` if it is no plain call of make.
fn asking(words: &[OsString]) -> Option<Command> {
    match words {
        [shell, flag, line] if shell == "sh" && flag == "-c" => {
            let line = line.to_str().filter(|line| !line.contains(SIGNS))?;
            let words: Vec<&str> = line.split_whitespace().collect();
            let program = words.iter().position(|word| !word.contains('='))?;
            let (before, rest) = words.split_at(program);
            let (program, rest) = rest.split_first().filter(|(program, _)| is_make(OsStr::new(program)))?;
            let all = before.iter().chain([program]).chain(ASKING).chain(rest).copied();
            Some(Command::shell(&all.collect::<Vec<_>>().join(" ")))
        }
        [program, rest @ ..] if is_make(program) => Some(Command::new(program).args(ASKING).args(rest)),
        _ => None,
    }
}

fn is_make(program: &OsStr) -> bool {
    Path::new(program).file_name().is_some_and(|name| NAMES.iter().any(|make| name == *make))
}
