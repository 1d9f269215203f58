//! What must hold after a kill, told by Git and by the files.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::scene::Scene;
use crate::case::{Case, FIXED, files_below};

/// The next hotfix.
const NEXT: &str = "afterwards";

/// What a user types while nothing of ours runs.
const TYPED: &[&[&str]] = &[
    &["branch", "--list"],
    &["worktree", "list"],
    &["status", "--short"],
    &["fetch", "--quiet"],
    &["commit", "--quiet", "--message", "feat: sizes"],
    &["gc", "--quiet", "--prune=now"],
];

/// What Git may say all the same, ending well: a ref of ours is left as it is while packing.
const HARMLESS: &str = "error: cannot lock ref 'refs/hotfix/";

/// The user's own work goes on as if nothing had happened.
pub fn users_work_goes_on(scene: Scene, case: &Case) {
    case.assert_untouched();
    assert_eq!(complaints(case, TYPED), Vec::<String>::new());
    case.assert_sound();
    assert!(!scene.has_fix() || fix_is_kept(case), "the fix is lost");
}

/// What did not work, or was not done in silence.
fn complaints(case: &Case, typed: &[&[&str]]) -> Vec<String> {
    let run = |args: &&[&str]| {
        let mut command = Command::new("git");
        command.current_dir(case.repo.path()).env_clear().envs(case.sandbox.variables()).args(*args);
        let output = command.output().expect("git is installed");
        let said = String::from_utf8_lossy(&output.stderr);
        let fine = output.status.success() && (said.is_empty() || said.starts_with(HARMLESS));
        (!fine).then(|| format!("git {}: {}: {said}", args.join(" "), output.status))
    };
    typed.iter().filter_map(run).collect()
}

/// Whether the fix is where it was written, or where it was kept.
fn fix_is_kept(case: &Case) -> bool {
    if fs::read(case.slot().join("auth.sh")).is_ok_and(|found| found == FIXED.as_bytes()) {
        return true;
    }
    let file = case.sandbox.root().join("fixed");
    fs::write(&file, FIXED).expect("a writable sandbox");
    let id = case.repo.git([Path::new("hash-object"), &file]);
    case.repo.git(["rev-list", "--objects", "--all"]).contains(&id)
}

/// The next start gives a worktree as a fresh one would be; all is given back, and nothing is left over.
pub fn next_start_works(scene: Scene, case: &Case) {
    let started = case.hotfix().must(["start", "the next alert", "--name", NEXT, "--json"]).json();
    let worktree = PathBuf::from(started["worktree"].as_str().expect("a path"));
    assert_as_fresh(case, &worktree);
    assert!(!scene.has_fix() || fix_is_kept(case), "the fix is lost by the next start");
    give_all_back(case);
    assert!(!scene.has_fix() || fix_is_kept(case), "the fix is lost by the cleanup");
    assert_eq!(complaints(case, &[&["gc", "--quiet", "--prune=now"]]), Vec::<String>::new());
    case.assert_sound();
    assert_eq!(left_over(case), Vec::<PathBuf>::new());
    assert_eq!(unlisted(case), Vec::<PathBuf>::new());
}

fn assert_as_fresh(case: &Case, worktree: &Path) {
    let slot = case.sandbox.repo_at(worktree);
    assert_eq!(slot.git(["status", "--porcelain", "--branch"]), format!("## hotfix/{NEXT}"));
    assert_eq!(slot.head(), case.repo.bare().commit_of("main"));
    let fresh = case.sandbox.root().join("fresh");
    let bare = case.repo.bare();
    bare.git([Path::new("worktree"), Path::new("add"), Path::new("--quiet"), &fresh, Path::new("main")]);
    assert_eq!(content(worktree), content(&fresh));
    bare.git([Path::new("worktree"), Path::new("remove"), &fresh]);
}

/// Path, whether it can be run, and bytes of each file.
fn content(dir: &Path) -> BTreeMap<PathBuf, (bool, Vec<u8>)> {
    let entry = |path: PathBuf| {
        let mode = path.symlink_metadata().expect("a file").permissions().mode();
        let bytes = fs::read(&path).expect("a file");
        (path.strip_prefix(dir).expect("a path below").to_owned(), (mode & 0o111 != 0, bytes))
    };
    files_below(dir).into_iter().filter(|path| !path.ends_with(".git")).map(entry).collect()
}

fn give_all_back(case: &Case) {
    let open = case.hotfix().must(["list", "--json"]).json();
    for hotfix in open.as_array().expect("a list") {
        let id = hotfix["id"].as_str().expect("an id");
        case.hotfix().must(["cleanup", "--discard", "--id", id]);
    }
    assert_eq!(crate::crash::left_in_slots(case), Vec::<String>::new());
}

/// Folders beside the repository with a name of ours that Git knows nothing of.
fn unlisted(case: &Case) -> Vec<PathBuf> {
    let listed = case.repo.git(["worktree", "list", "--porcelain"]);
    let beside = case.repo.path().parent().expect("a folder").read_dir().expect("a readable folder");
    let paths = beside.map(|entry| entry.expect("an entry").path());
    let unknown = |path: &PathBuf| {
        let line = format!("worktree {}", path.display());
        path.to_string_lossy().contains("-hotfix") && !listed.lines().any(|listed| listed == line)
    };
    paths.filter(unknown).collect()
}

/// Locks and half-written files in the repository.
fn left_over(case: &Case) -> Vec<PathBuf> {
    let git = case.repo.path().join(".git");
    let ours = git.join("hotfix");
    let is_left = |path: &PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy();
        (name.ends_with(".lock") && !path.starts_with(&ours))
            || name.contains(".tmp")
            || name.starts_with("tmp_")
    };
    files_below(&git).into_iter().filter(is_left).collect()
}
