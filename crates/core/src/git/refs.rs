//! Refs, read and changed by compare-and-swap only.

use super::reader::Target;
use super::{GitError, Oid, RefName, Repository};
use crate::error::Result;
use crate::exec::Finished;

/// What a ref must be for a change to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It must not exist.
    Absent,
    /// It must point here.
    At(Oid),
}

/// A ref as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenRef {
    /// The ref.
    pub name: RefName,
    /// Where it points.
    pub oid: Oid,
    /// The ref it stands for, if it is symbolic.
    pub stands_for: Option<String>,
}

/// One change of a ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefChange {
    /// The ref.
    pub name: RefName,
    /// What it must be now.
    pub old: Expect,
    /// What it is to be; `None` deletes it.
    pub new: Option<Oid>,
}

impl RefChange {
    /// Creates a ref that must not exist.
    pub fn create(name: RefName, new: Oid) -> Self {
        Self { name, old: Expect::Absent, new: Some(new) }
    }

    /// Moves a ref that must point at `old`.
    pub fn update(name: RefName, old: Oid, new: Oid) -> Self {
        Self { name, old: Expect::At(old), new: Some(new) }
    }

    /// Deletes a ref that must point at `old`.
    pub fn delete(name: RefName, old: Oid) -> Self {
        Self { name, old: Expect::At(old), new: None }
    }
}

impl Repository {
    /// Where a ref points; `None` if it does not exist.
    pub fn read_ref(&self, name: &RefName) -> Result<Option<Oid>> {
        let listed = self.list_refs(&[name.as_str()])?;
        Ok(listed.into_iter().find(|(found, _)| found == name).map(|(_, oid)| oid))
    }

    /// All refs below any of `prefixes` (`refs/hotfix/record/`), or of exactly that name, and where they point, sorted
    /// by name.
    pub fn list_refs(&self, prefixes: &[&str]) -> Result<Vec<(RefName, Oid)>> {
        let seen = self.see_refs(prefixes)?;
        Ok(seen.into_iter().map(|seen| (seen.name, seen.oid)).collect())
    }

    /// The same, with the refs that symbolic ones stand for.
    pub fn see_refs(&self, prefixes: &[&str]) -> Result<Vec<SeenRef>> {
        let Some(listed) = self.reader.list_refs(prefixes) else { return self.ask_refs(prefixes) };
        let seen = |(name, (oid, stands_for)): (Vec<u8>, _)| {
            Some(SeenRef { name: RefName::new(String::from_utf8_lossy(&name)).ok()?, oid, stands_for })
        };
        Ok(listed.into_iter().filter_map(seen).collect())
    }

    fn ask_refs(&self, prefixes: &[&str]) -> Result<Vec<SeenRef>> {
        let call = self.git().args(["for-each-ref", "--format=%(objectname) %(refname) %(symref)"]);
        let lines = call.args(prefixes).run()?;
        let lines = String::from_utf8_lossy(&lines).into_owned();
        let entry = |line: &str| {
            let mut words = line.split(' ');
            let oid = Oid::parse(words.next()?)?;
            let name = RefName::new(words.next()?).ok()?;
            let stands_for = words.next().filter(|target| !target.is_empty()).map(str::to_owned);
            Some(SeenRef { name, oid, stands_for })
        };
        Ok(lines.lines().filter_map(entry).collect())
    }

    /// Makes all changes or none. A ref that is not as expected is [`GitError::RefMoved`].
    pub fn change_refs(&self, why: &str, changes: &[RefChange]) -> Result<()> {
        let mut script = Vec::new();
        for change in changes {
            script.extend(self.instruction(change).into_bytes());
        }
        // A reflog would begin with nothing but this line; and `git gc` locks refs that have one, so that it dies of a
        // lock that a killed process left.
        let creates = changes.iter().all(|change| change.old == Expect::Absent);
        let finished = self.past_stale_locks(|| {
            let call = self.git().setting("core.fsync=committed,reference");
            let call = if creates { call.setting("core.logAllRefUpdates=false") } else { call };
            call.args(["update-ref", "-m", why, "-z", "--stdin"]).input(script.clone())
        })?;
        if finished.success() { Ok(()) } else { Err(refused(&finished).into()) }
    }

    /// The commit that a name people use stands for.
    pub fn resolve_commit(&self, name: &str) -> Result<Oid> {
        let unknown = || GitError::UnknownCommit { name: name.to_owned() };
        if name.starts_with('-') || name.contains('\n') {
            return Err(unknown().into());
        }
        let spec = format!("{name}^{{commit}}");
        let finished =
            self.git().args(["rev-parse", "--verify", "--quiet", "--end-of-options"]).arg(spec).finish()?;
        let text = String::from_utf8_lossy(&finished.stdout);
        // `rev-parse` of Git before 2.43 echoes `--end-of-options`.
        let oid = text.lines().last().and_then(Oid::parse).filter(|_| finished.success());
        Ok(oid.ok_or_else(unknown)?)
    }

    /// Points refs of our own namespace at objects, wherever they pointed before.
    pub fn set_refs(&self, refs: &[(RefName, Oid)]) -> Result<()> {
        let lines: Vec<String> = refs.iter().map(|(name, new)| format!("update {name}\0{new}\0\0")).collect();
        let call = || self.git().args(["update-ref", "-z", "--stdin"]).input(lines.concat());
        let finished = self.past_stale_locks(call)?;
        if finished.success() { Ok(()) } else { Err(super::failure::failed("update-ref", &finished).into()) }
    }

    /// The full name of the ref that a branch follows by the user's configuration.
    pub fn upstream(&self, branch: &RefName) -> Result<Option<String>> {
        let call = self.git().args(["for-each-ref", "--format=%(upstream)", branch.as_str()]);
        Ok(call.text()?.lines().find(|line| !line.is_empty()).map(str::to_owned))
    }

    /// Refs below these prefixes whose commits hold `commit`.
    pub fn refs_holding(&self, commit: &Oid, prefixes: &[&str]) -> Result<Vec<(RefName, Oid)>> {
        let contains = format!("--contains={commit}");
        let call = self.git().args(["for-each-ref", "--format=%(objectname) %(refname)"]).arg(contains);
        let printed = call.args(prefixes).run()?;
        let entry = |line: &str| {
            let (oid, name) = line.split_once(' ')?;
            Some((RefName::new(name).ok()?, Oid::parse(oid)?))
        };
        Ok(String::from_utf8_lossy(&printed).lines().filter_map(entry).collect())
    }

    /// The branch the user is on, without `refs/heads/`; `None` when detached or when it has no commit yet.
    pub fn current_branch(&self) -> Result<Option<String>> {
        let name = match self.reader.head(self.git_dir()) {
            Some(Target::Ref(name)) => name,
            Some(Target::Object(_)) => return Ok(None),
            None => {
                let call = super::GitCommand::bound(self.ctx(), self.git_dir(), self.common_dir());
                let finished = call.args(["symbolic-ref", "--quiet", "HEAD"]).finish()?;
                String::from_utf8_lossy(&finished.stdout).into_owned()
            }
        };
        let Some(branch) = name.trim().strip_prefix("refs/heads/") else { return Ok(None) };
        let exists = RefName::branch(branch).ok().map(|name| self.read_ref(&name)).transpose()?.flatten();
        Ok(exists.map(|_| branch.to_owned()))
    }

    fn instruction(&self, change: &RefChange) -> String {
        let name = &change.name;
        match (&change.old, &change.new) {
            (Expect::Absent, Some(new)) => format!("create {name}\0{new}\0"),
            (Expect::At(old), Some(new)) => format!("update {name}\0{new}\0{old}\0"),
            (Expect::At(old), None) => format!("delete {name}\0{old}\0"),
            (Expect::Absent, None) => format!("verify {name}\0{}\0", self.zero()),
        }
    }
}

/// Git words a lost race as one of these; everything else is an error of its own.
fn refused(finished: &Finished) -> GitError {
    let stderr = String::from_utf8_lossy(&finished.stderr);
    let races =
        ["cannot lock ref", "reference already exists", "but expected", "unable to resolve reference"];
    // A lock that cannot be made at all is no race.
    let lasting = ["Permission denied", "No space left", "Read-only file system", "Disk quota exceeded"];
    let says = |texts: &[&str]| texts.iter().any(|text| stderr.contains(text));
    match super::failure::failed("update-ref", finished) {
        GitError::Failed { said, .. } if stderr.contains("exists; cannot create") => {
            GitError::RefInTheWay { name: in_the_way(&said), said }
        }
        GitError::Failed { said, .. } if says(&races) && !says(&lasting) => GitError::RefMoved { said },
        other => other,
    }
}

/// The ref that Git names first after what it could not lock: `cannot lock ref 'a/b': 'a' exists; cannot create 'a/b'`.
fn in_the_way(said: &str) -> String {
    let before = said.split("' exists; cannot create").next().unwrap_or_default();
    before.rsplit('\'').next().unwrap_or_default().to_owned()
}
