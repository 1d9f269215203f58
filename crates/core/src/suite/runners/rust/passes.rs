//! Runs test programs with `cargo test`, and alone what gave no result there.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use hotfix_model::CaseOutcome;

use super::execute::{Ended, Gathered, Job, Program};
use super::libtest::{self, Section};
use super::names::Names;
use super::scope;
use crate::error::Result;
use crate::exec::Ending;
use crate::suite::report::End;

/// So many files at the head of a selection run before all others: those of the proof and of the change come first.
const HEAD: usize = 5;
/// Bytes of test names given to the harness; beyond that all tests of the programs run. Linux takes 2 MiB of arguments.
const MOST_NAMES: usize = 512 << 10;
/// The form of output that is read.
const FORM: &[&str] = &["--format", "pretty", "--color", "never"];

/// The passes over the programs.
pub struct Passes<'a> {
    /// What they belong to.
    pub job: &'a Job<'a>,
    /// Tells files of tests.
    pub names: &'a Names<'a>,
    /// When the time of the run is over.
    pub until: Duration,
    /// Where results go.
    pub gathered: &'a mut Gathered,
}

/// What one program has to do in a pass.
struct Turn {
    program: usize,
    tests: BTreeSet<String>,
}

impl Passes<'_> {
    /// First the head of the selection, then the rest.
    pub fn run(&mut self, programs: &mut [Program<'_>], files: Option<&[PathBuf]>) -> Result<()> {
        let head = files.filter(|files| files.len() > HEAD).and_then(|files| files.get(..HEAD));
        if let Some(head) = head {
            self.pass_over(programs, Some(head))?;
        }
        self.pass_over(programs, None)
    }

    /// Passes until every program had its turn: one that hangs is ended, and the next pass begins behind it.
    fn pass_over(&mut self, programs: &mut [Program<'_>], head: Option<&[PathBuf]>) -> Result<()> {
        let mut turns = self.turns(programs, head);
        while !turns.is_empty() && !self.gathered.has_ended() {
            let sections = self.pass(programs, &turns)?;
            let before = turns.len();
            let mut left = Vec::new();
            for turn in turns {
                let Some(program) = programs.get_mut(turn.program) else { continue };
                match sections.iter().find(|section| section.program == program.name) {
                    Some(section) => self.take(program, section, &turn.tests)?,
                    None => left.push(turn),
                }
            }
            if left.len() == before && !self.gathered.has_ended() {
                self.gathered.end = Some(End::crashed("cargo test ended before a test program began"));
            }
            turns = left;
        }
        Ok(())
    }

    fn turns(&self, programs: &[Program<'_>], head: Option<&[PathBuf]>) -> Vec<Turn> {
        let in_head = |program: &Program<'_>, test: &str| {
            head.is_none_or(|head| head.contains(&self.names.file_of(&program.part.target.source, test)))
        };
        let turn = |(number, program): (usize, &Program<'_>)| {
            let tests = program.waiting.iter().filter(|test| in_head(program, test));
            Turn { program: number, tests: tests.cloned().collect() }
        };
        programs.iter().enumerate().map(turn).filter(|turn| !turn.tests.is_empty()).collect()
    }

    fn pass(&mut self, programs: &[Program<'_>], turns: &[Turn]) -> Result<Vec<Section>> {
        let mine = || turns.iter().filter_map(|turn| Some((programs.get(turn.program)?, &turn.tests)));
        let parts: Vec<_> = mine().map(|(program, _)| program.part).collect();
        let mut command = self.job.cargo(&["test", "--no-fail-fast"]).args(scope::flags(&parts));
        command = command.arg("--").args(FORM).deadline(self.job.left(self.until));
        let is_whole = mine().all(|(program, tests)| program.listed == tests.len());
        let tests: BTreeSet<&String> = mine().flat_map(|(_, tests)| tests).collect();
        if !is_whole && tests.iter().map(|test| test.len() + 1).sum::<usize>() <= MOST_NAMES {
            command = command.arg("--exact").args(tests);
        }
        if let Some(limit) = self.job.limits.test {
            command = command.silence(limit);
        }
        let (finished, output) = self.job.logged(command, "tests.log")?;
        let is_over = self.job.left(self.until).is_zero();
        if is_over || finished.ending == Ending::Cancelled {
            self.gathered.stop(finished.ending);
        }
        self.gathered.output = finished.stdout;
        Ok(libtest::read(&output))
    }

    /// Takes the results of one program. Lines that disagree with the harness's own sums are worth nothing; of a program
    /// that was cut short those that came are.
    fn take(&mut self, program: &mut Program<'_>, section: &Section, tests: &BTreeSet<String>) -> Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "a number of tests")]
        let each = section.seconds / section.results.len().max(1) as f64;
        let is_worth_it = section.is_sound() || section.is_cut_short();
        for test in tests {
            let outcome = section.results.get(test).filter(|_| is_worth_it);
            let Some(outcome) = outcome else {
                self.alone(program, test)?;
                continue;
            };
            let file = self.names.file_of(&program.part.target.source, test);
            let reason = section.reasons.get(test).cloned();
            let frame = self.job.frame(section.places.get(test));
            let ended = Ended { outcome: *outcome, reason, frame, seconds: Some(each) };
            self.gathered.take(&file, test, ended);
            program.waiting.remove(test);
        }
        Ok(())
    }

    /// Runs one test in a process of its own. Passed is only what the harness says has passed: a test that ends the process
    /// with code 0 has not.
    fn alone(&mut self, program: &mut Program<'_>, test: &str) -> Result<()> {
        if self.gathered.has_ended() {
            return Ok(());
        }
        let left = self.job.left(self.until);
        if left.is_zero() {
            self.gathered.stop(Ending::TimedOut);
            return Ok(());
        }
        let limit = self.job.limits.test.unwrap_or(left).min(left);
        let command = self.job.cargo(&["test"]).args(scope::flags(&[program.part])).arg("--").args(FORM);
        let command = command.args(["--exact", test]).deadline(limit);
        let (finished, output) = self.job.logged(command, "alone.log")?;
        if finished.ending == Ending::Cancelled {
            self.gathered.stop(finished.ending);
            return Ok(());
        }
        let sections = libtest::read(&output);
        let section = sections.iter().find(|section| section.program == program.name);
        let said = section.and_then(Section::alone);
        let (outcome, reason) = match (finished.ending, said) {
            (Ending::TimedOut, _) => {
                (CaseOutcome::TimedOut, Some(format!("still running after {} s", limit.as_secs_f64())))
            }
            (Ending::Exited(0), Some(CaseOutcome::Failed)) | (_, None) => {
                (CaseOutcome::Crashed, Some(death(&output)))
            }
            (_, Some(outcome)) => (outcome, libtest::reason(&output)),
        };
        let file = self.names.file_of(&program.part.target.source, test);
        let place = libtest::place(&output).filter(|_| outcome != CaseOutcome::Passed);
        let seconds = Some(finished.elapsed.as_secs_f64());
        let ended = Ended { outcome, reason, frame: self.job.frame(place.as_ref()), seconds };
        self.gathered.take(&file, test, ended);
        program.waiting.remove(test);
        Ok(())
    }
}

/// How a test program died, as Cargo says it: `(signal: 6, SIGABRT: process abort signal)`.
fn death(output: &str) -> String {
    let died = output
        .lines()
        .find_map(|line| line.split_once("process didn't exit successfully: ")?.1.rsplit_once(" ("));
    match died {
        Some((_, how)) => format!("the test ended its process ({how}"),
        None => "the test ended its process before the harness could judge it".to_owned(),
    }
}
