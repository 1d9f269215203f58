//! What each test file runs: the tests of a package are built once with coverage of all packages, and run file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::module::Module;
use crate::ctx::Ctx;
use crate::exec::Command;
use crate::suite::folder::RunFolder;
use crate::suite::{Footprint, Place, paths};

/// Runs test files one by one until the time is up.
pub fn footprints(
    ctx: &Ctx,
    (place, module, project): (&Place<'_>, &Module, &Path),
    files: &[PathBuf],
    limit: Duration,
) -> BTreeMap<String, Footprint> {
    let began = ctx.clock.elapsed();
    let left = || limit.checked_sub(ctx.elapsed_since(began)).filter(|left| !left.is_zero());
    let mut found = BTreeMap::new();
    let folders: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    for folder in folders {
        let (Some(time), Ok(run)) = (left(), RunFolder::with(ctx, place.scratch, &[])) else { break };
        let program = run.file("package.test");
        let inside = folder.strip_prefix(project).unwrap_or(folder);
        let build = Command::new("go").args(["test", "-c", "-cover", "-coverpkg=./...", "-o"]).arg(&program);
        let build = build.arg(Path::new(".").join(inside)).dir(place.root.join(project));
        if !build.contained().deadline(time).run(ctx).is_ok_and(|built| built.success()) || !program.is_file()
        {
            continue;
        }
        for file in files.iter().filter(|file| file.parent() == Some(folder)) {
            let Some(time) = left() else { break };
            let profile = run.file("profile.txt");
            let names = module.tests_in(file).join("|");
            let test =
                Command::new(&program).args(["-test.run", &format!("^({names})$"), "-test.coverprofile"]);
            let test = test.arg(&profile).dir(place.root.join(folder)).contained().deadline(time);
            if test.run(ctx).is_ok_and(|done| done.ending.code().is_some()) {
                let text = std::fs::read_to_string(&profile).unwrap_or_default();
                found.insert(paths::text_of_path(file), read(&text, module));
            }
        }
    }
    found
}

/// Reads a profile: `module/folder/file.go:12.34,15.2 3 1`, the last number telling whether it ran.
fn read(profile: &str, module: &Module) -> Footprint {
    let mut found = Footprint::new();
    for line in profile.lines().filter(|line| !line.ends_with(" 0")) {
        let Some((name, (first, last))) = block(line) else { continue };
        let Some((package, file)) = name.rsplit_once('/') else { continue };
        let Some(folder) = module.folder_of(package) else { continue };
        found.entry(paths::text_of_path(&folder.join(file))).or_default().push((first, last));
    }
    for lines in found.values_mut() {
        lines.sort_unstable();
        lines.dedup();
    }
    found
}

fn block(line: &str) -> Option<(&str, (u64, u64))> {
    let (name, place) = line.rsplit_once(':')?;
    let (first, rest) = place.split_once(',')?;
    let number = |text: &str| text.split('.').next().and_then(|number| number.parse::<u64>().ok());
    Some((name, (number(first)?, number(rest)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ran_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("go.mod"), "module example.org/m\n").expect("written");
        let module = Module::read(folder.path(), Path::new(""));
        let profile = "mode: set\nexample.org/m/low/a.go:3.20,5.2 1 1\nexample.org/m/low/a.go:7.20,9.2 1 0\n\
                       example.org/m/top.go:1.1,2.2 1 4\nother.org/x/y.go:1.1,2.2 1 1\n";
        let wanted = [("low/a.go".to_owned(), vec![(3, 5)]), ("top.go".to_owned(), vec![(1, 2)])];
        assert_eq!(read(profile, &module), Footprint::from(wanted));
    }
}
