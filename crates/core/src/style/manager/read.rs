//! Reads what managers of hooks print about each hook.

/// One hook that ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hook {
    /// Its id.
    pub name: String,
    /// Whether it did not pass.
    pub failed: bool,
    /// Whether it changed files.
    pub rewrote: bool,
    /// All it printed.
    pub said: String,
}

/// Of pre-commit and prek: `name.....Failed`, `- hook id: name`, `- exit code: 1`, then what the hook printed, which prek
/// sets in by two blanks. What passed or was skipped is one line.
pub fn pre_commit(output: &str) -> Vec<Hook> {
    let mut hooks: Vec<Hook> = Vec::new();
    for line in output.lines() {
        if let Some((name, result)) = headline(line) {
            hooks.push(Hook { name: name.to_owned(), failed: result == "Failed", ..Hook::default() });
            continue;
        }
        let Some(hook) = hooks.last_mut().filter(|hook| hook.failed) else { continue };
        match line.strip_prefix("- ") {
            Some(fact) if hook.said.trim().is_empty() => take_fact(hook, fact),
            _ => {
                hook.said.push_str(line.strip_prefix("  ").unwrap_or(line));
                hook.said.push('\n');
            }
        }
    }
    hooks
}

fn headline(line: &str) -> Option<(&str, &str)> {
    let results = ["Passed", "Failed", "Skipped"];
    let (before, result) = results.iter().find_map(|result| Some((line.strip_suffix(result)?, *result)))?;
    let (name, _) = before.split_once("...")?;
    Some((name, result))
}

fn take_fact(hook: &mut Hook, fact: &str) {
    if let Some(id) = fact.strip_prefix("hook id: ") {
        id.trim().clone_into(&mut hook.name);
    }
    hook.rewrote |= fact.starts_with("files were modified");
}

/// Of lefthook: `┃  name ❯ ` before what each printed, and at the end `✓ name (0.01 seconds)` or `✗ name`; older ones show
/// a boxing glove for the cross.
pub fn lefthook(output: &str) -> Vec<Hook> {
    let mut hooks: Vec<Hook> = Vec::new();
    let mut is_summary = false;
    for line in output.lines() {
        let begun = line.strip_prefix('┃').and_then(|rest| rest.split_once('❯')).map(|(name, _)| name.trim());
        is_summary |= line.starts_with("summary:");
        if let Some(name) = begun {
            hooks.push(Hook { name: name.to_owned(), ..Hook::default() });
        } else if is_summary {
            take_mark(&mut hooks, line);
        } else if let Some(hook) = hooks.last_mut() {
            hook.said.push_str(line);
            hook.said.push('\n');
        }
    }
    for hook in &mut hooks {
        // Its own last word about the hook, which says less than the hook.
        let end = hook.said.rfind("\nexit status ").unwrap_or(hook.said.len());
        hook.said.truncate(end);
    }
    hooks
}

fn take_mark(hooks: &mut Vec<Hook>, line: &str) {
    let line = line.trim();
    let failed = line.strip_prefix(['✗', '🥊']);
    let Some(rest) = failed.or_else(|| line.strip_prefix(['✓', '✔'])) else { return };
    let name = rest.trim_start_matches('\u{fe0f}').trim();
    let name = name.rsplit_once(" (").map_or(name, |(name, _)| name).trim();
    let name = name.split_once(": ").map_or(name, |(name, _)| name);
    match hooks.iter_mut().find(|hook| hook.name == name) {
        Some(hook) => hook.failed = failed.is_some(),
        None => hooks.push(Hook { name: name.to_owned(), failed: failed.is_some(), ..Hook::default() }),
    }
}

/// Of a manager that names no hook with what it prints: all is one hook.
pub fn plain(output: &str) -> Vec<Hook> {
    let hook = Hook { name: "check".to_owned(), failed: true, rewrote: false, said: output.to_owned() };
    if output.trim().is_empty() { Vec::new() } else { vec![hook] }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As pre-commit 4.7 printed it.
    const PRE_COMMIT: &str = "[INFO] Initializing environment\nno forbidden words.......................................................Failed\n- hook id: words\n- exit code: 1\n\na.txt:2:bad is bad\n- not a fact\n\nstrip spaces.............................................................Failed\n- hook id: strip\n- files were modified by this hook\nfine.....................................................................Passed\nonly python..........................................(no files to check)Skipped\n";
    /// As lefthook 2.2 printed it.
    const LEFTHOOK: &str = "╭───╮\n│ lefthook  v2.2.2   hook:  pre-commit │\n╰───╯\n│  py (skip) no matching staged files\n┃  words ❯ \na.txt:2:bad\n\nexit status 1\n┃  strip ❯ \n\n  ────\nsummary: (done in 0.04 seconds)\n✓ strip (0.00 seconds)\n✗ words (0.01 seconds)\n";

    fn told(hooks: &[Hook]) -> Vec<(&str, bool, bool, &str)> {
        hooks.iter().map(|hook| (hook.name.as_str(), hook.failed, hook.rewrote, hook.said.trim())).collect()
    }

    #[test]
    fn hooks_of_pre_commit_are_told_apart() {
        let hooks = pre_commit(PRE_COMMIT);
        let wanted = [
            ("words", true, false, "a.txt:2:bad is bad\n- not a fact"),
            ("strip", true, true, ""),
            ("fine", false, false, ""),
            ("only python", false, false, ""),
        ];
        assert_eq!(told(&hooks), wanted);
    }

    #[test]
    fn hooks_of_lefthook_are_told_apart_whatever_the_marks() {
        let wanted = [("words", true, false, "a.txt:2:bad"), ("strip", false, false, "────")];
        assert_eq!(told(&lefthook(LEFTHOOK)), wanted);
        let older = LEFTHOOK.replace('✓', "✔️ ").replace("✗ words (0.01 seconds)", "🥊  words: no luck");
        assert_eq!(told(&lefthook(&older)), wanted);
    }
}
