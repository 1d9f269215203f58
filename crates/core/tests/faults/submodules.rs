//! Submodules of slots and twins: they are there, at base's commits, and what somebody has in them is content. (G1 to G4,
//! G12)

use std::path::{Path, PathBuf};

use hotfix_core::error::Error;
use hotfix_core::flow::cleanup::CleanupError;
use hotfix_core::journey::slots::{RemoveRequest, Which, plan_removal, remove};
use hotfix_core::session::SessionError;
use hotfix_core::slot::SlotError;
use hotfix_model::output::SlotKind;
use hotfix_model::{ExitCode, Gate, ProofVerdict, Stage};
use hotfix_testkit::{Repo, Responder, Sandbox, World};

const NO_TESTS: &[(Gate, &str)] = &[(Gate::Prove, "no tests here"), (Gate::Test, "no tests here")];
const LIBRARY: &str = "vendor/lib";

/// A shop with a library as submodule, and their remotes.
struct Shop {
    sandbox: Sandbox,
    main: Repo,
    /// A clone of the library, to push from.
    library: Repo,
}

impl Shop {
    fn new() -> Self {
        Self::with(Sandbox::new())
    }

    fn with(sandbox: Sandbox) -> Self {
        let main = sandbox.repo_with(&[("shop.txt", b"one\n"), (".gitignore", b"__pycache__/\n")]);
        main.git(["tag", "v1.2.2"]);
        main.publish();
        let library = library(&sandbox, "lib");
        let address = remote_of(&library);
        main.git(["submodule", "--quiet", "add", &address, LIBRARY]);
        main.commit("build: use the library");
        main.git(["push", "--quiet", "origin", "main"]);
        Self { sandbox, main, library }
    }

    fn responder(&self) -> Responder<'_> {
        Responder::at(&self.sandbox, self.main.path())
    }

    fn start(&self) -> Repo {
        self.responder().start("Prices are wrong");
        self.responder().slot()
    }

    /// The library on its remote gets a newer floor, and main uses it; this clone does not know it yet.
    fn bump(&self, floor: &str) -> String {
        let commit = change(&self.library, floor);
        self.push_to_main(|colleague| {
            let library = self.sandbox.repo_at(colleague.file(LIBRARY));
            library.git(["fetch", "--quiet"]);
            library.git(["checkout", "--quiet", &commit]);
        });
        commit
    }

    /// A colleague changes main and pushes.
    fn push_to_main(&self, change: impl FnOnce(&Repo)) {
        let path = self.sandbox.code().join("colleague");
        if !path.exists() {
            self.main.git([
                "clone",
                "--quiet",
                "--recurse-submodules",
                &remote_of(&self.main),
                path.to_str().unwrap(),
            ]);
        }
        let colleague = self.sandbox.repo_at(path);
        colleague.git(["pull", "--quiet", "origin", "main"]);
        colleague.git(["submodule", "--quiet", "update", "--init", "--recursive"]);
        change(&colleague);
        colleague.commit("build: another library");
        colleague.git(["push", "--quiet", "origin", "main"]);
    }

    /// Ships a fix that is in the slot.
    fn ship(&self) -> Result<(), Error> {
        let responder = self.responder();
        responder.try_ship("prices", NO_TESTS).map(|_| ()).map_err(|stopped| stopped.error)
    }

    fn inner(&self, slot: &Repo) -> Repo {
        self.sandbox.repo_at(slot.file(LIBRARY))
    }

    /// Removes all slots that may be removed; gives what was said of those that may not.
    fn remove_all(&self) -> String {
        let project = self.responder().project();
        let request = RemoveRequest { which: Which::AllFree, discard: false };
        let before = self.sandbox.recorder().warnings().len();
        remove(&project, plan_removal(&project, &request).unwrap()).unwrap();
        self.sandbox.recorder().warnings()[before..].join("\n")
    }
}

/// A library with a remote of its own, `<name>.git`.
fn library(sandbox: &Sandbox, name: &str) -> Repo {
    let library = sandbox.repo_at(sandbox.code().join(name));
    std::fs::create_dir_all(library.path()).unwrap();
    library.git(["init", "--quiet"]);
    library.write("floor.txt", "0\n");
    library.write("deep/er/note.txt", "0\n");
    library.write(".gitignore", "*.tmp\n");
    library.commit("feat: a floor");
    library.git(["clone", "--quiet", "--bare", ".", &format!("../{name}.git")]);
    library.git(["remote", "add", "origin", &format!("../{name}.git")]);
    library
}

/// A newer version of a library, pushed.
fn change(library: &Repo, floor: &str) -> String {
    library.write("floor.txt", floor);
    let commit = library.commit("feat: another floor");
    library.git(["push", "--quiet", "origin", "main"]);
    commit
}

/// The address of a repository's remote, which does not depend on where it is read.
fn remote_of(repo: &Repo) -> String {
    let address = PathBuf::from(repo.git(["remote", "get-url", "origin"]));
    repo.path().join(address).canonicalize().unwrap().to_str().unwrap().to_owned()
}

fn gitlink(repo: &Repo, name: &str, path: &str) -> String {
    repo.git(["rev-parse", &format!("{name}:{path}")])
}

fn status(repo: &Repo) -> String {
    repo.git(["status", "--porcelain", "--ignore-submodules=none"])
}

#[test]
fn a_slot_has_the_submodules_of_the_main_worktree_without_the_network_and_nothing_of_the_users_changes() {
    let shop = Shop::new();
    std::fs::rename(shop.sandbox.code().join("lib.git"), shop.sandbox.code().join("gone.git")).unwrap();
    let before = [World::of(shop.main.path()), World::of(shop.inner(&shop.main).path())];
    let slot = shop.start();
    let after = [World::of(shop.main.path()), World::of(shop.inner(&shop.main).path())];
    before.iter().zip(&after).for_each(|(before, after)| before.assert_untouched(after));
    assert_eq!(shop.inner(&slot).read("floor.txt"), "0\n");
    assert_eq!(status(&slot), "");
    assert_eq!(slot.git(["submodule", "status"]).chars().next(), Some(' '));
    let [own, users] = [&slot, &shop.main].map(|host| shop.inner(host));
    let remotes = |repo: &Repo| repo.git(["remote", "--verbose"]);
    assert_eq!(remotes(&own), remotes(&users), "a push from there goes where it would go from the other");
    assert_eq!(
        (own.refs("refs/heads"), own.refs("refs/remotes/origin/main").is_empty()),
        (String::new(), false)
    );
    assert_eq!(shop.sandbox.recorder().warnings(), Vec::<String>::new());
    own.git(["fsck", "--strict"]);
}

/// Objects are not borrowed: the user may throw the other clone away.
#[test]
fn the_submodule_of_a_slot_does_not_need_the_one_it_was_made_from() {
    let shop = Shop::new();
    let slot = shop.start();
    shop.main.git(["submodule", "--quiet", "deinit", "--force", LIBRARY]);
    std::fs::remove_dir_all(shop.main.file(".git/modules")).unwrap();
    shop.inner(&slot).git(["fsck", "--strict"]);
    assert_eq!(status(&slot), "");
}

/// G2: a slot that moves to a newer main moves its submodule too, whatever runs write there.
#[test]
fn a_recycled_slot_has_its_submodule_at_the_commit_of_the_newer_main() {
    let shop = Shop::new();
    let slot = shop.start();
    slot.write("shop.txt", "two\n");
    shop.ship().unwrap();
    let newer = shop.bump("1\n");
    let started = shop.responder().start("Prices are wrong again");
    assert_eq!(
        (started.slot.kind, started.worktree.as_str()),
        (SlotKind::Warm, slot.path().to_str().unwrap())
    );
    assert_eq!((status(&slot), shop.inner(&slot).head()), (String::new(), newer.clone()));
    shop.inner(&slot).write("build.tmp", "made by a build\n");
    slot.write("shop.txt", "three\n");
    shop.ship().unwrap();
    assert_eq!(gitlink(&shop.main, "hotfix/1.2.3-prices-are-wrong-again", LIBRARY), newer);
}

/// The fetch brings a newer main while the slot is the user's already.
#[test]
fn a_submodule_goes_along_when_the_fetch_brings_a_newer_main() {
    let shop = Shop::new();
    let newer = shop.bump("1\n");
    let slot = shop.start();
    assert_eq!((status(&slot), shop.inner(&slot).head()), (String::new(), newer));
}

/// G3: what could not be fetched is never committed, and the command that is advised works.
#[test]
fn a_submodule_that_stayed_behind_is_no_part_of_the_fix_and_resume_brings_it() {
    let shop = Shop::new();
    let slot = shop.start();
    slot.write("shop.txt", "two\n");
    shop.ship().unwrap();
    let newer = shop.bump("1\n");
    let [remote, away] = ["lib.git", "away.git"].map(|name| shop.sandbox.code().join(name));
    std::fs::rename(&remote, &away).unwrap();
    let started = shop.responder().start("Prices are wrong again");
    let said = shop.sandbox.recorder().warnings().join("\n");
    assert!(said.contains("the submodule vendor/lib is not at its commit"), "{said}");
    slot.write("shop.txt", "three\n");
    shop.inner(&slot).write("build.tmp", "made by a build\n");
    let error = shop.ship().unwrap_err();
    assert!(
        matches!(error.downcast_ref(), Some(SessionError::LeftBehind { paths, .. }) if paths == &[LIBRARY])
    );
    assert_eq!(error.exit(), ExitCode::DECISION);
    assert!(error.next().starts_with(&format!("git hotfix resume {}", started.id)), "{}", error.next());

    std::fs::rename(&away, &remote).unwrap();
    shop.responder().try_resume(&started.id).unwrap();
    assert_eq!((status(&slot), shop.inner(&slot).head()), (" M shop.txt".to_owned(), newer.clone()));
    shop.ship().unwrap();
    assert_eq!(gitlink(&shop.main, &format!("hotfix/{}", started.id), LIBRARY), newer);
}

#[test]
fn a_submodule_that_stayed_behind_is_committed_once_it_is_staged() {
    let shop = Shop::new();
    let slot = shop.start();
    slot.write("shop.txt", "two\n");
    shop.ship().unwrap();
    let older = shop.inner(&slot).head();
    shop.bump("1\n");
    std::fs::rename(shop.sandbox.code().join("lib.git"), shop.sandbox.code().join("away.git")).unwrap();
    let started = shop.responder().start("The newer library is wrong");
    slot.git(["add", LIBRARY]);
    shop.ship().unwrap();
    assert_eq!(gitlink(&shop.main, &format!("hotfix/{}", started.id), LIBRARY), older);
}

/// A fix that goes on with what the slot was before: merged by hand, Git leaves the submodule where it was.
#[test]
fn a_newer_main_merged_into_the_fix_does_not_take_the_submodule_back() {
    let shop = Shop::new();
    let slot = shop.start();
    slot.write("shop.txt", "two\n");
    shop.responder().try_commit("prices", NO_TESTS).unwrap();
    let newer = shop.bump("1\n");
    slot.git(["pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main"]);
    slot.write("shop.txt", "three\n");
    let error = shop.ship().unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SessionError::LeftBehind { .. })), "{error}");
    shop.responder().try_resume(&shop.responder().status().id).unwrap();
    assert_eq!(shop.inner(&slot).head(), newer);
}

/// A direct merge follows a target that moved: the submodule goes along with the rebase.
#[test]
fn a_submodule_goes_along_when_the_fix_follows_its_target() {
    let shop = Shop::new();
    let slot = shop.start();
    slot.write("shop.txt", "two\n");
    let newer = shop.bump("1\n");
    let responder = shop.responder().with("submit.merge", "direct");
    let shipped = responder.try_ship("prices", NO_TESTS).map(|_| ()).map_err(|stopped| stopped.error);
    shipped.unwrap();
    let main = shop.main.bare();
    assert_eq!(
        (gitlink(&main, "main", LIBRARY), main.git(["show", "main:shop.txt"])),
        (newer, "two".to_owned())
    );
    assert_eq!(status(&slot), "");
}

/// A submodule that somebody linked to the user's own clone is not moved: it is the user's.
#[test]
fn a_submodule_that_uses_the_users_own_repository_is_not_moved() {
    let shop = Shop::new();
    let slot = shop.start();
    let library = shop.inner(&slot);
    let own = shop.main.file(".git/modules/vendor/lib");
    library.write(".git", format!("gitdir: {}\n", own.display()));
    let before = World::of(shop.inner(&shop.main).path());
    shop.bump("1\n");
    shop.responder().try_cleanup(true).unwrap();
    shop.responder().start("Again");
    before.assert_untouched(&World::of(shop.inner(&shop.main).path()));
}

#[test]
fn a_submodule_that_was_moved_on_purpose_is_part_of_the_fix() {
    let shop = Shop::new();
    // In a folder below, so that the submodule's own folder stays as old as it is.
    shop.library.write("deep/er/note.txt", "1\n");
    let newer = change(&shop.library, "0\n");
    let slot = shop.start();
    let library = shop.inner(&slot);
    library.git(["fetch", "--quiet"]);
    library.git(["checkout", "--quiet", "--detach", "origin/main"]);
    shop.ship().unwrap();
    assert_eq!(gitlink(&shop.main, "hotfix/1.2.3", LIBRARY), newer);
    assert_eq!(status(&slot), "", "the slot is back at main, with main's library");
    assert_eq!(shop.responder().start("Again").slot.kind, SlotKind::Warm);
}

#[test]
fn a_commit_of_a_submodule_that_nobody_can_fetch_stops_the_ship_before_anything_is_pushed() {
    let shop = Shop::new();
    let slot = shop.start();
    let library = shop.inner(&slot);
    library.write("floor.txt", "2\n");
    let own = library.commit("fix: the floor");
    let error = shop.ship().unwrap_err();
    let Some(SessionError::UnpublishedSubmodule { paths, .. }) = error.downcast_ref() else {
        panic!("{error}")
    };
    assert_eq!((paths.as_slice(), error.exit()), ([LIBRARY.to_owned()].as_slice(), ExitCode::DECISION));
    assert_eq!(shop.main.bare().refs("refs/heads/hotfix"), "");
    assert_eq!(shop.responder().record().stage, Stage::Started);

    library.git(["push", "--quiet", "origin", "HEAD:refs/heads/fix-floor"]);
    shop.ship().unwrap();
    assert_eq!(gitlink(&shop.main.bare(), "hotfix/1.2.3", LIBRARY), own);
}

/// As `git push` in the slot would do it: by the setting itself, or by the general one.
#[test]
fn whoever_pushes_submodules_on_demand_has_them_pushed_first() {
    for (key, value) in [("push.recurseSubmodules", "on-demand"), ("submodule.recurse", "true")] {
        let shop = Shop::new();
        let slot = shop.start();
        shop.main.git(["config", key, value]);
        let library = shop.inner(&slot);
        library.write("floor.txt", "2\n");
        let own = library.commit("fix: the floor");
        let error = shop.ship().unwrap_err();
        let is_refused = matches!(error.downcast_ref(), Some(SessionError::UnpublishedSubmodule { .. }));
        assert!(is_refused, "Git pushes no detached HEAD: {error}");
        library.git(["switch", "--quiet", "--create", "fix-floor"]);
        library.git(["config", "push.autoSetupRemote", "true"]);
        shop.ship().unwrap();
        let remote = shop.sandbox.repo_at(remote_of(&shop.library));
        assert_eq!(remote.commit_of("fix-floor"), own, "{key}");
        assert_eq!(gitlink(&shop.main.bare(), "hotfix/1.2.3", LIBRARY), own, "{key}");
    }
}

#[test]
fn whoever_says_not_to_look_at_submodules_is_warned_only() {
    let shop = Shop::new();
    shop.main.git(["config", "push.recurseSubmodules", "no"]);
    let slot = shop.start();
    let library = shop.inner(&slot);
    library.write("floor.txt", "2\n");
    library.commit("fix: the floor");
    shop.ship().unwrap();
    let said = shop.sandbox.recorder().warnings().join("\n");
    assert!(said.contains("vendor/lib is at a commit that is on no remote"), "{said}");
    assert_eq!(shop.responder().start("Again").slot.kind, SlotKind::Cold, "the slot holds the only copy");
    assert_eq!(library.read("floor.txt"), "2\n");
}

/// G1, and whatever else a repository may hold: each is the only thing, and no file of the slot differs.
#[test]
fn a_slot_whose_submodule_holds_something_is_neither_removed_nor_used_again() {
    type Deed = fn(&Repo);
    let deeds: [(&str, Deed); 7] = [
        ("the branch mine", |library| {
            library.git(["switch", "--quiet", "--create", "mine"]);
            library.write("floor.txt", "7\n");
            library.commit("feat: mine alone");
            library.git(["checkout", "--quiet", "--detach", "origin/main"]);
        }),
        ("the branch mine", |library| {
            library.git(["branch", "mine"]);
        }),
        ("a commit that is on no remote", |library| {
            library.git(["switch", "--quiet", "--create", "main", "origin/main"]);
            library.write("floor.txt", "7\n");
            library.commit("feat: mine alone");
            library.git(["checkout", "--quiet", "--detach", "origin/main"]);
        }),
        ("a stash", |library| {
            library.write("floor.txt", "7\n");
            library.git(["stash", "--quiet"]);
        }),
        ("a commit that is on no remote", |library| {
            library.write("floor.txt", "7\n");
            library.commit("feat: mine alone");
            library.git(["tag", "mine"]);
            library.git(["checkout", "--quiet", "--detach", "origin/main"]);
        }),
        ("the repository of other worktrees", |library| {
            library.git(["worktree", "add", "--quiet", "--detach", "../../../other"]);
        }),
        ("something that was begun", |library| {
            library.git(["bisect", "start"]);
        }),
    ];
    for (what, deed) in deeds {
        let shop = Shop::new();
        let slot = shop.start();
        deed(&shop.inner(&slot));
        assert_eq!(status(&slot), "", "{what}");
        shop.responder().try_cleanup(true).unwrap();
        let said = shop.remove_all();
        assert!(said.contains("is not removed: its submodule vendor/lib holds"), "{what}: {said}");
        assert!(said.contains(what), "{what}: {said}");
        let refs = shop.inner(&slot).git(["for-each-ref"]);
        let next = shop.responder().start("Again");
        assert_eq!(next.slot.kind, SlotKind::Cold, "{what}");
        assert_ne!(next.worktree, slot.path().to_str().unwrap(), "{what}");
        assert_eq!(shop.inner(&slot).git(["for-each-ref"]), refs, "{what}");
    }
}

/// Plain Git refuses too; a slot that is named is refused by its reason, and may be given up.
#[test]
fn a_slot_with_a_commit_in_its_submodule_goes_only_when_that_is_asked_for() {
    let shop = Shop::new();
    let slot = shop.start();
    let library = shop.inner(&slot);
    library.git(["switch", "--quiet", "--create", "mine"]);
    library.write("floor.txt", "7\n");
    library.commit("feat: mine alone");
    shop.responder().try_cleanup(true).unwrap();
    let removal = |discard| RemoveRequest { which: Which::Named(vec!["1".to_owned()]), discard };
    let project = shop.responder().project();
    let error = plan_removal(&project, &removal(false)).map(|_| ()).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SlotError::NotRemovable { .. })), "{error}");
    assert!(error.next().contains("slot remove 1 --discard"), "{}", error.next());
    assert_eq!(library.git(["branch", "--show-current"]), "mine");
    remove(&project, plan_removal(&project, &removal(true)).unwrap()).unwrap();
    assert!(!slot.path().exists());
}

#[test]
fn a_slot_with_nothing_of_anybodys_in_its_submodules_is_removed() {
    let shop = Shop::new();
    let slot = shop.start();
    let library = shop.inner(&slot);
    library.git(["fetch", "--quiet"]);
    library.git(["switch", "--quiet", "--create", "main", "origin/main"]);
    shop.responder().try_cleanup(true).unwrap();
    assert_eq!(shop.remove_all(), "");
    assert!(!slot.path().exists());
    assert!(!shop.main.file(".git/worktrees").exists());
}

/// The folder was deleted by hand; Git's entry would take the only copy of a commit along.
#[test]
fn what_a_submodule_held_is_kept_when_somebody_removes_the_slots_folder() {
    let shop = Shop::new();
    let slot = shop.start();
    let library = shop.inner(&slot);
    library.write("floor.txt", "7\n");
    let own = library.commit("feat: mine alone");
    shop.responder().try_cleanup(true).unwrap();
    std::fs::remove_dir_all(slot.path()).unwrap();
    shop.start();
    let said = shop.sandbox.recorder().warnings().join("\n");
    let (_, kept) = said.split_once("its repository is kept in ").unwrap_or_else(|| panic!("{said}"));
    let kept = Path::new(kept.lines().next().unwrap()).join(LIBRARY);
    let show = ["--git-dir", kept.to_str().unwrap(), "--work-tree", ".", "show", &format!("{own}:floor.txt")];
    assert_eq!(shop.main.git(show), "7");
}

/// Uncommitted files of a submodule are in no tree: cleanup names them, and with `--discard` leaves them.
#[test]
fn cleanup_names_what_was_edited_in_a_submodule_and_leaves_it_there() {
    let shop = Shop::new();
    let slot = shop.start();
    shop.inner(&slot).write("floor.txt", "7\n");
    let error = shop.responder().try_cleanup(false).unwrap_err();
    let Some(CleanupError::Uncommitted { files }) = error.downcast_ref() else { panic!("{error}") };
    assert_eq!(files, &["vendor/lib (changes that are in no commit of it)"]);
    let output = shop.responder().try_cleanup(true).unwrap();
    assert_eq!((output.left, output.discarded), (vec![LIBRARY.to_owned()], Vec::<String>::new()));
    assert_eq!(shop.inner(&slot).read("floor.txt"), "7\n");
    assert!(shop.remove_all().contains("floor.txt, which is in no commit"));
    assert_eq!(shop.responder().start("Again").slot.kind, SlotKind::Cold);
    assert_eq!(shop.inner(&slot).read("floor.txt"), "7\n");
}

/// G12.
#[test]
fn a_nested_repository_is_said_to_be_left_where_it_is_left() {
    let shop = Shop::new();
    let slot = shop.start();
    let tool = shop.sandbox.repo_at(slot.file("tool"));
    slot.git(["init", "--quiet", "tool"]);
    tool.write("tool.txt", "mine\n");
    tool.commit("feat: a tool");
    slot.write("shop.txt", "two\n");
    let error = shop.ship().unwrap_err();
    assert!(
        matches!(error.downcast_ref(), Some(SessionError::NestedRepository { paths }) if paths == &["tool"])
    );
    let output = shop.responder().try_cleanup(true).unwrap();
    assert_eq!((output.discarded, output.left), (vec!["shop.txt".to_owned()], vec!["tool".to_owned()]));
    assert_eq!(tool.read("tool.txt"), "mine\n");
}

/// A worktree of another repository has a file `.git`, and is as little a submodule.
#[test]
fn a_worktree_of_another_repository_in_the_slot_is_named_too() {
    let shop = Shop::new();
    let slot = shop.start();
    shop.library.git(["worktree", "add", "--quiet", "--detach", slot.file("tool").to_str().unwrap()]);
    slot.write("shop.txt", "two\n");
    let error = shop.ship().unwrap_err();
    assert!(
        matches!(error.downcast_ref(), Some(SessionError::NestedRepository { paths }) if paths == &["tool"])
    );
}

#[test]
fn a_submodule_that_the_fix_adds_is_committed_and_leaves_no_trace_in_the_slot() {
    let shop = Shop::new();
    let other = remote_of(&library(&shop.sandbox, "other"));
    let slot = shop.start();
    slot.git(["submodule", "--quiet", "add", &other, "vendor/other"]);
    shop.ship().unwrap();
    assert!(!gitlink(&shop.main, "hotfix/1.2.3", "vendor/other").is_empty());
    assert!(!slot.file("vendor/other").exists());
    assert_eq!((status(&slot), shop.responder().start("Again").slot.kind), (String::new(), SlotKind::Warm));
}

#[test]
fn a_submodule_that_main_moves_renames_or_replaces_by_files_is_followed() {
    type Replacement<'a> = (&'a dyn Fn(&Repo), &'a str, Option<&'a str>);
    let moved = |colleague: &Repo| {
        colleague.git(["mv", LIBRARY, "third/lib"]);
    };
    let removed = |colleague: &Repo| {
        colleague.git(["rm", "--quiet", LIBRARY]);
    };
    let vendored = |colleague: &Repo| {
        colleague.git(["rm", "--quiet", LIBRARY]);
        colleague.write("vendor/lib/floor.txt", "copied\n");
    };
    let changes: [Replacement<'_>; 3] = [
        (&moved, "third/lib/floor.txt", Some("0\n")),
        (&removed, "vendor/lib", None),
        (&vendored, "vendor/lib/floor.txt", Some("copied\n")),
    ];
    for (change, file, content) in changes {
        let shop = Shop::new();
        let slot = shop.start();
        slot.write("shop.txt", "two\n");
        shop.ship().unwrap();
        shop.push_to_main(|colleague| {
            std::fs::create_dir_all(colleague.file("third")).unwrap();
            change(colleague);
        });
        let started = shop.responder().start("Again");
        assert_eq!(
            (started.slot.kind, started.worktree.as_str()),
            (SlotKind::Warm, slot.path().to_str().unwrap()),
            "{file}"
        );
        assert_eq!(status(&slot), "", "{file}");
        match content {
            Some(content) => assert_eq!(slot.read(file), content),
            None => assert!(!slot.file(file).exists(), "{file}"),
        }
        assert!(!slot.file("vendor/lib/.git").exists(), "{file}");
    }
}

#[test]
fn submodules_in_submodules_go_along() {
    let shop = Shop::new();
    let inner = library(&shop.sandbox, "inner");
    shop.library.git(["submodule", "--quiet", "add", &remote_of(&inner), "parts/inner"]);
    let outer = change(&shop.library, "1\n");
    shop.push_to_main(|colleague| {
        let library = shop.inner(colleague);
        library.git(["fetch", "--quiet"]);
        library.git(["checkout", "--quiet", &outer]);
    });
    shop.main.git(["pull", "--quiet", "origin", "main"]);
    shop.main.git(["submodule", "--quiet", "update", "--init", "--recursive"]);
    for name in ["lib.git", "inner.git"] {
        let remote = shop.sandbox.code().join(name);
        std::fs::rename(&remote, remote.with_extension("away")).unwrap();
    }
    let slot = shop.start();
    assert_eq!(slot.read("vendor/lib/parts/inner/floor.txt"), "0\n");
    assert_eq!(
        slot.git(["submodule", "status", "--recursive"]).lines().filter(|line| line.starts_with(' ')).count(),
        2
    );
    let deep = shop.sandbox.repo_at(slot.file("vendor/lib/parts/inner"));
    deep.git(["switch", "--quiet", "--create", "mine"]);
    shop.responder().try_cleanup(true).unwrap();
    let said = shop.remove_all();
    assert!(said.contains("its submodule vendor/lib/parts/inner holds the branch mine"), "{said}");
}

#[test]
fn a_submodule_that_is_not_initialised_in_the_main_worktree_is_not_in_the_slot_either() {
    let shop = Shop::new();
    shop.main.git(["submodule", "--quiet", "deinit", "--force", LIBRARY]);
    let slot = shop.start();
    assert!(slot.git(["submodule", "status"]).starts_with('-'));
    slot.write("shop.txt", "two\n");
    shop.ship().unwrap();
    assert_eq!(shop.responder().start("Again").slot.kind, SlotKind::Warm);
    assert_eq!(shop.sandbox.recorder().warnings(), Vec::<String>::new());
}

/// Initialised in the slot by hand, it goes along from then on.
#[test]
fn a_submodule_that_was_initialised_in_the_slot_alone_is_kept_at_mains_commit() {
    let shop = Shop::new();
    shop.main.git(["submodule", "--quiet", "deinit", "--force", LIBRARY]);
    let slot = shop.start();
    slot.git(["submodule", "--quiet", "update", "--init"]);
    slot.write("shop.txt", "two\n");
    shop.ship().unwrap();
    let newer = shop.bump("1\n");
    assert_eq!(shop.responder().start("Again").slot.kind, SlotKind::Warm);
    assert_eq!((status(&slot), shop.inner(&slot).head()), (String::new(), newer));
}

/// Other ways in which the main worktree may have a submodule.
#[test]
fn a_submodule_is_had_from_wherever_the_main_worktree_has_it() {
    let embedded = |shop: &Shop| {
        let library = shop.inner(&shop.main);
        std::fs::remove_file(library.file(".git")).unwrap();
        std::fs::rename(shop.main.file(".git/modules/vendor/lib"), library.file(".git")).unwrap();
        shop.main.git(["config", "--file", "vendor/lib/.git/config", "--unset", "core.worktree"]);
    };
    let on_a_branch = |shop: &Shop| {
        let library = shop.inner(&shop.main);
        library.git(["switch", "--quiet", "--create", "mine"]);
        library.write("floor.txt", "7\n");
        library.commit("feat: mine alone");
    };
    let never_updated = |shop: &Shop| {
        shop.main.git(["config", "submodule.vendor/lib.update", "none"]);
    };
    let relative = |shop: &Shop| {
        shop.push_to_main(|colleague| {
            colleague.git(["config", "--file", ".gitmodules", "submodule.vendor/lib.url", "../lib.git"]);
        });
        shop.main.git(["pull", "--quiet", "origin", "main"]);
        shop.main.git(["submodule", "--quiet", "sync"]);
    };
    let shallow = |shop: &Shop| {
        std::fs::remove_dir_all(shop.main.file(".git/modules")).unwrap();
        std::fs::remove_dir_all(shop.main.file(LIBRARY)).unwrap();
        let address = format!("file://{}", remote_of(&shop.library));
        shop.main.git(["config", "submodule.vendor/lib.url", &address]);
        shop.main.git(["submodule", "--quiet", "update", "--init", "--depth", "1"]);
    };
    let on_another_line = |shop: &Shop| {
        let root = shop.main.git(["rev-list", "--max-parents=0", "HEAD"]);
        shop.main.git(["switch", "--quiet", "--create", "old", &root]);
    };
    let deeds: [&dyn Fn(&Shop); 6] =
        [&embedded, &on_a_branch, &never_updated, &relative, &shallow, &on_another_line];
    for (number, deed) in deeds.into_iter().enumerate() {
        let shop = Shop::new();
        deed(&shop);
        let slot = shop.start();
        assert_eq!(shop.inner(&slot).read("floor.txt"), "0\n", "case {number}");
        assert_eq!(status(&slot), "", "case {number}");
        assert_eq!(shop.sandbox.recorder().warnings(), Vec::<String>::new(), "case {number}");
        assert_eq!(shop.inner(&slot).refs("refs/heads"), "", "case {number}");
        shop.responder().try_cleanup(true).unwrap();
        assert_eq!(shop.remove_all(), "", "case {number}");
    }
}

#[test]
fn the_slots_of_a_bare_repository_have_the_submodules_of_the_users_worktrees() {
    let shop = Shop::new();
    let bare = shop.sandbox.code().join("shop/.bare");
    shop.main.git(["clone", "--quiet", "--bare", &remote_of(&shop.main), bare.to_str().unwrap()]);
    let bare = shop.sandbox.repo_at(bare);
    bare.git(["worktree", "add", "--quiet", "../main", "main"]);
    let main = shop.sandbox.repo_at(shop.sandbox.code().join("shop/main"));
    main.git(["submodule", "--quiet", "update", "--init"]);
    std::fs::rename(shop.sandbox.code().join("lib.git"), shop.sandbox.code().join("away.git")).unwrap();
    let responder = Responder::at(&shop.sandbox, main.path());
    responder.start("Prices are wrong");
    assert_eq!(responder.slot().read("vendor/lib/floor.txt"), "0\n");
    assert_eq!(status(&responder.slot()), "");
}

#[test]
fn a_sparse_slot_has_the_submodules_of_its_part_only() {
    let shop = Shop::new();
    shop.push_to_main(|colleague| {
        colleague.write("docs/page.txt", "page\n");
    });
    shop.main.git(["pull", "--quiet", "origin", "main"]);
    let request = hotfix_core::flow::start::Request {
        sparse: vec!["docs".to_owned()],
        ..hotfix_testkit::responder::request("Prices are wrong")
    };
    shop.responder().try_start(request).unwrap();
    let slot = shop.responder().slot();
    assert!(slot.file("docs/page.txt").exists());
    assert!(!slot.file("vendor/lib/floor.txt").exists());
    assert_eq!(shop.sandbox.recorder().warnings(), Vec::<String>::new());
}

mod with_python {
    use super::*;

    const TEST: &str = "def test_floor():\n    assert open('vendor/lib/floor.txt').read() == FLOOR\n";

    fn shop() -> Shop {
        let shop = Shop::with(Sandbox::with_python());
        shop.push_to_main(|colleague| {
            colleague.write("pytest.ini", "[pytest]\naddopts = -p no:cacheprovider\n");
            colleague.write("shop.py", "FLOOR = 0\n");
            colleague.write("test_shop.py", "def test_shop():\n    assert True\n");
        });
        shop
    }

    /// G4: both sides of a proof see the library.
    #[test]
    fn the_twin_has_the_submodules_that_the_slot_has() {
        let shop = shop();
        let slot = shop.start();
        slot.write("shop.txt", "a comment\n");
        slot.write("test_floor.py", TEST.replace("FLOOR", "'0\\n'"));
        let proof = shop.responder().prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::NotRed, "{}", proof.why);
        let twin = shop.sandbox.repo_at(slot.path().with_file_name("repo-hotfix-base"));
        assert_eq!(shop.inner(&twin).read("floor.txt"), "0\n");
    }

    /// The newer library is the fix, and only the slot has it: each side sees its own.
    #[test]
    fn a_fix_that_moves_a_submodule_is_red_with_the_old_one_and_green_with_the_new_one() {
        let shop = shop();
        let slot = shop.start();
        slot.write("test_floor.py", TEST.replace("FLOOR", "'2\\n'"));
        let library = shop.inner(&slot);
        library.write("floor.txt", "2\n");
        library.commit("fix: the floor");
        let proof = shop.responder().prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
        library.git(["push", "--quiet", "origin", "HEAD:refs/heads/fix-floor"]);
        shop.responder().try_ship("floor", &[]).map_err(|stopped| stopped.error).unwrap();
        let check = shop.sandbox.repo_at(shop.sandbox.root().join("check"));
        let [remote, path] = [remote_of(&shop.main), check.path().to_str().unwrap().to_owned()];
        let branch = "hotfix/1.2.3";
        shop.main.git(["clone", "--quiet", "--recurse-submodules", "--branch", branch, &remote, &path]);
        assert_eq!(check.read("vendor/lib/floor.txt"), "2\n");
    }

    /// What tests write into the library of the twin is gone before the next run there.
    #[test]
    fn what_tests_write_into_a_submodule_of_the_twin_does_not_stay() {
        let shop = shop();
        let slot = shop.start();
        slot.write("shop.py", "FLOOR = 1\n");
        let test = "import os\n\n\ndef test_floor():\n    path = 'vendor/lib/left.txt'\n    was = os.path.exists(path)\n    if os.getcwd().endswith('-base'):\n        open(path, 'w').close()\n        open('vendor/lib/floor.txt', 'w').close()\n    import shop\n    assert shop.FLOOR == 1 and not was\n";
        slot.write("test_floor.py", test);
        let proof = shop.responder().prove(&["python3", "-m", "pytest", "test_floor.py"]);
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
    }
}
