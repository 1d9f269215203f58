//! What somebody left in a parked slot never passes for the fix.

use std::path::{Path, PathBuf};

use hotfix_core::git::{Change, Oid, Repository};
use hotfix_core::slot::{Held, Keep, Pool};
use hotfix_model::ExitCode;
use hotfix_model::config::SlotConfig;

use super::sandbox::{Sandbox, config, read, start, write};

/// A slot that was parked, then meddled with, then taken.
struct Taken<'a> {
    pool: Pool<'a>,
    repository: &'a Repository,
    held: Held,
    base: Oid,
}

impl<'a> Taken<'a> {
    fn after(
        sandbox: &Sandbox,
        (repository, config): (&'a Repository, &'a SlotConfig),
        meddle: &dyn Fn(&Path),
    ) -> Self {
        let pool = Pool::new(repository, config);
        let base = sandbox.rev("main");
        pool.park(&start(repository, &pool, "a", &base), &base, Keep::Save).unwrap();
        meddle(&sandbox.slot(""));
        tick(&sandbox.slot(""));
        let held = start(repository, &pool, "b", &base);
        Self { pool, repository, held, base }
    }

    fn changes(&self) -> Vec<Change> {
        let tree = self.repository.snapshot(&self.held.worktree, &[]).unwrap();
        self.repository.changes(&self.base, &tree).unwrap()
    }

    fn strangers(&self) -> Vec<PathBuf> {
        let changes = self.changes();
        let found = self.pool.strangers(&self.held, &changes).unwrap();
        found.into_iter().map(|change| change.path.clone()).collect()
    }
}

/// Waits, by writing, until the clock that marks files has gone on: it ticks every few milliseconds.
fn tick(dir: &Path) {
    use std::os::unix::fs::MetadataExt;
    let mark = dir.join("tick.cache");
    let now = || {
        std::fs::write(&mark, "x").unwrap();
        let found = mark.metadata().unwrap();
        (found.ctime(), found.ctime_nsec())
    };
    let first = now();
    while now() == first {}
}

/// A file, and what somebody did to it.
type Meddle<'a> = (&'a str, &'a dyn Fn(&Path));

#[test]
fn what_was_left_in_a_parked_slot_is_found_and_taken_out() {
    let meddle: [Meddle<'_>; 4] = [
        ("src/auth.py", &|slot| write(&slot.join("src/auth.py"), "left\n")),
        ("mine", &|slot| write(&slot.join("mine"), "left\n")),
        ("new/folder/x", &|slot| write(&slot.join("new/folder/x"), "left\n")),
        ("src/auth.py", &|slot| std::fs::remove_file(slot.join("src/auth.py")).unwrap()),
    ];
    for (file, meddle) in meddle {
        let sandbox = Sandbox::new();
        let (repository, config) = (sandbox.repository(), config());
        let taken = Taken::after(&sandbox, (&repository, &config), meddle);
        assert_eq!((taken.held.number, sandbox.lines.all()), (1, String::new()));
        let left = std::fs::read(sandbox.slot("").join(file)).ok();
        write(&sandbox.slot("").join("README"), "the fix\n");

        let error = taken.pool.no_strangers(&taken.held, &taken.changes()).unwrap_err();
        assert_eq!(error.exit(), ExitCode::DECISION);
        assert!(error.to_string().ends_with(&format!("older than hotfix b: {file}")), "{error}");
        assert!(error.next().starts_with("git hotfix resume b"), "{}", error.next());

        let said = taken.pool.clear_strangers(&taken.held, &taken.changes()).unwrap().unwrap();
        let (dir, rest) = said.split_once("saved in ").unwrap().1.split_once(" and").unwrap();
        assert!(rest.ends_with(file), "{said}");
        let dir = Path::new(dir);
        assert_eq!(std::fs::read(dir.join(file)).ok(), left);
        let status = sandbox.git_in(&sandbox.slot(""), &["status", "--short", "--untracked-files=all"]);
        assert_eq!(status, " M README");
        assert_eq!(read(sandbox.slot("").join("README")), "the fix\n");
    }
}

#[test]
fn a_look_finds_what_the_times_cannot_tell() {
    let meddle: [Meddle<'_>; 3] = [
        ("src/auth.py", &|slot| write(&slot.join("src/auth.py"), "left\n")),
        ("src/auth.py", &|slot| std::fs::remove_file(slot.join("src/auth.py")).unwrap()),
        ("", &|_| {}),
    ];
    for (file, meddle) in meddle {
        let sandbox = Sandbox::new();
        let (repository, config) = (sandbox.repository(), config());
        let taken = Taken::after(&sandbox, (&repository, &config), meddle);
        let mut glance = taken.pool.glance(&taken.held);
        while taken.pool.look_on(&taken.held, &mut glance) {}
        let said = taken.pool.heed(&taken.held, &glance).unwrap();
        assert_eq!(said.is_some(), !file.is_empty(), "{said:?}");
        assert!(said.unwrap_or_default().ends_with(file));
        assert_eq!(read(sandbox.slot("").join("src/auth.py")), "one\n");
        assert_eq!(taken.changes(), []);
    }
}

#[test]
fn your_own_work_is_no_stranger() {
    let edits: [&dyn Fn(&Path); 7] = [
        &|slot| write(&slot.join("src/auth.py"), "fixed\n"),
        &|slot| write(&slot.join("src/new.py"), "fixed\n"),
        &|slot| std::fs::remove_file(slot.join("src/auth.py")).unwrap(),
        &|slot| std::fs::rename(slot.join("src"), slot.join("lib")).unwrap(),
        &|slot| std::fs::rename(slot.join("../old"), slot.join("old")).unwrap(),
        &|slot| std::fs::rename(slot.join("../old/file"), slot.join("src/auth.py")).unwrap(),
        &|slot| std::os::unix::fs::symlink("README", slot.join("src/link")).unwrap(),
    ];
    for (case, edit) in edits.into_iter().enumerate() {
        let sandbox = Sandbox::new();
        write(&sandbox.parent().join("old/file"), "older than the hotfix\n");
        let (repository, config) = (sandbox.repository(), config());
        let taken = Taken::after(&sandbox, (&repository, &config), &|_| {});
        edit(&sandbox.slot(""));
        assert!(!taken.changes().is_empty(), "{case}");
        assert_eq!(taken.strangers(), [""; 0].map(PathBuf::from), "{case}");
    }
}

#[test]
fn a_touch_makes_it_yours() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let taken = Taken::after(&sandbox, (&repository, &config), &|slot| write(&slot.join("mine"), "left\n"));
    assert_eq!(taken.strangers(), [Path::new("mine")]);
    let mine = std::fs::File::options().append(true).open(sandbox.slot("").join("mine")).unwrap();
    mine.set_modified(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(taken.strangers(), [""; 0].map(PathBuf::from));
}

#[test]
fn a_lease_of_an_older_version_knows_no_strangers() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let taken = Taken::after(&sandbox, (&repository, &config), &|slot| write(&slot.join("mine"), "left\n"));
    let file = sandbox.home.join(".git/hotfix/slots/1.json");
    let mut record: serde_json::Value = serde_json::from_str(&read(&file)).unwrap();
    record["state"].as_object_mut().unwrap().remove("began");
    std::fs::write(&file, record.to_string()).unwrap();
    let held = taken.pool.held("b").unwrap().unwrap();
    taken.pool.no_strangers(&held, &taken.changes()).unwrap();
}

#[test]
fn a_slot_whose_index_was_written_since_is_looked_at() {
    let meddle: [(&str, &[&[&str]]); 3] = [
        ("src/auth.py was edited in it", &[&["add", "src/auth.py"]]),
        ("src/auth.py was edited in it", &[&["update-index", "--assume-unchanged", "src/auth.py"]]),
        ("src/auth.py was edited in it", &[&["update-index", "--skip-worktree", "src/auth.py"]]),
    ];
    for (why, commands) in meddle {
        let sandbox = Sandbox::new();
        let (repository, config) = (sandbox.repository(), config());
        let taken = Taken::after(&sandbox, (&repository, &config), &|slot| {
            write(&slot.join("src/auth.py"), "left\n");
            for command in commands {
                sandbox.git_in(slot, command);
            }
        });
        assert_eq!(taken.held.number, 2);
        assert_eq!(read(sandbox.slot("").join("src/auth.py")), "left\n");
        assert!(sandbox.lines.all().contains(why), "{}", sandbox.lines.all());
        assert_eq!(sandbox.lines.all().lines().count(), 1);
    }
}

#[test]
fn a_slot_that_an_older_version_parked_is_looked_at() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let taken = Taken::after(&sandbox, (&repository, &config), &|slot| {
        let file = sandbox.home.join(".git/hotfix/slots/1.json");
        let mut record: serde_json::Value = serde_json::from_str(&read(&file)).unwrap();
        record["state"].as_object_mut().unwrap().remove("stamp").unwrap();
        std::fs::write(&file, record.to_string()).unwrap();
        write(&slot.join("mine"), "left\n");
    });
    assert_eq!(taken.held.number, 2);
    assert!(sandbox.lines.all().contains("mine in it is in no commit"), "{}", sandbox.lines.all());
}

#[test]
fn what_stands_in_the_way_of_a_newer_commit_stays_and_is_named() {
    for (file, why) in [("src/auth.py", "was edited in it"), ("src/new.py", "in it is in no commit")] {
        let sandbox = Sandbox::new();
        let (repository, config) = (sandbox.repository(), config());
        let pool = Pool::new(&repository, &config);
        let old = sandbox.rev("main");
        sandbox.write("src/auth.py", "two\n");
        sandbox.write("src/new.py", "new\n");
        let new = sandbox.commit("second");
        pool.park(&start(&repository, &pool, "a", &old), &old, Keep::Save).unwrap();
        let left = sandbox.slot("").join(file);
        write(&left, "left\n");
        for (round, hotfix) in ["b", "c"].into_iter().enumerate() {
            assert_eq!(start(&repository, &pool, hotfix, &new).number, 2 + u32::try_from(round).unwrap());
            assert_eq!(read(&left), "left\n");
            assert!(sandbox.lines.all().contains(&format!("{file} {why}")), "{}", sandbox.lines.all());
            assert_eq!(sandbox.lines.all().lines().count(), round + 1);
        }
        match file {
            "src/auth.py" => write(&left, "one\n"),
            _ => std::fs::remove_file(&left).unwrap(),
        }
        assert_eq!(start(&repository, &pool, "d", &new).number, 1);
        assert_eq!(sandbox.git_in(&sandbox.slot(""), &["status", "--short"]), "");
    }
}

#[test]
fn hidden_edits_are_saved_when_a_slot_is_given_back() {
    for bit in ["--assume-unchanged", "--skip-worktree"] {
        let sandbox = Sandbox::new();
        let (repository, config) = (sandbox.repository(), config());
        let pool = Pool::new(&repository, &config);
        let base = sandbox.rev("main");
        let held = start(&repository, &pool, "a", &base);
        sandbox.git_in(&held.worktree.path, &["update-index", bit, "README"]);
        write(&held.worktree.path.join("README"), "hidden\n");
        let parked = pool.park(&held, &base, Keep::Save).unwrap();
        assert_eq!(read(parked.saved_to.unwrap().join("README")), "hidden\n");
        assert_eq!(read(held.worktree.path.join("README")), "read me\n");
    }
}
