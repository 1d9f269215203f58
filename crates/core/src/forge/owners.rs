//! CODEOWNERS: who is asked to look at which files.
//!
//! Patterns are those of GitHub and GitLab: like `.gitignore`, without `!` and `[]`; the last one that fits counts.

/// The owners of these paths as names of accounts, without `@`; each once. Addresses are left out.
pub fn owners(file: &str, paths: &[String]) -> Vec<String> {
    let rules: Vec<(&str, Vec<&str>)> = file.lines().filter_map(rule).collect();
    let mut found: Vec<String> = Vec::new();
    for path in paths {
        let last = rules.iter().rfind(|(pattern, _)| fits(pattern, path));
        for owner in last.map(|(_, owners)| owners.as_slice()).unwrap_or_default() {
            let name = owner.strip_prefix('@').map(str::to_owned);
            if let Some(name) = name.filter(|name| !found.contains(name)) {
                found.push(name);
            }
        }
    }
    found
}

/// A pattern and its owners; nothing for comments and GitLab's headings.
fn rule(line: &str) -> Option<(&str, Vec<&str>)> {
    let line = line.split(" #").next().unwrap_or_default().trim();
    if line.is_empty() || line.starts_with(['#', '[', '^']) {
        return None;
    }
    let mut words = line.split_whitespace();
    Some((words.next()?, words.collect()))
}

fn fits(pattern: &str, path: &str) -> bool {
    let anchored = pattern.trim_end_matches('/').contains('/');
    let folder = pattern.ends_with('/');
    let wanted: Vec<&str> = pattern.trim_matches('/').split('/').collect();
    let parts: Vec<&str> = path.split('/').collect();
    let starts = if anchored { 1 } else { parts.len() };
    (0..starts).any(|start| parts.get(start..).is_some_and(|rest| begins(&wanted, rest, folder)))
}

/// Whether the parts begin with what is wanted; what follows is inside a folder of that name.
fn begins(wanted: &[&str], parts: &[&str], folder: bool) -> bool {
    match (wanted.split_first(), parts.split_first()) {
        (None, rest) => rest.is_some() || !folder,
        (Some((&"**", [])), _) => true,
        (Some((&"**", rest)), _) => {
            (0..=parts.len()).any(|skip| parts.get(skip..).is_some_and(|parts| begins(rest, parts, folder)))
        }
        (Some((first, rest)), Some((part, others))) => {
            // `docs/*` is what lies in docs itself.
            let last_star =
                rest.is_empty() && *first == "*" && wanted.len() == 1 && !others.is_empty() && !folder;
            !last_star && matches(first.as_bytes(), part.as_bytes()) && begins(rest, others, folder)
        }
        (Some(_), None) => false,
    }
}

/// `*` is any run of letters, `?` any one.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            (0..=text.len()).any(|skip| text.get(skip..).is_some_and(|text| matches(rest, text)))
        }
        (Some((one, rest)), Some((byte, others))) => (*one == b'?' || one == byte) && matches(rest, others),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::owners;

    #[test]
    fn the_last_rule_that_fits_counts() {
        let file = "# all\n* @all\n*.js @js @js-too # words\n/docs/ @writers\napps/ @apps\n[Section]\nsrc/**/x.py @deep a@b.c\n/build.sh\n";
        let of = |path: &str| owners(file, &[path.to_owned()]);
        assert_eq!(of("src/a.py"), ["all"]);
        assert_eq!(of("web/a.js"), ["js", "js-too"]);
        assert_eq!(of("docs/a/b.md"), ["writers"]);
        assert_eq!(of("sub/docs/b.md"), ["all"], "a slash in front means the root");
        assert_eq!(of("sub/apps/b.md"), ["apps"]);
        assert_eq!(of("src/a/b/x.py"), ["deep"], "an address is no account");
        assert_eq!(of("build.sh"), Vec::<String>::new(), "nobody owns it");
        assert_eq!(owners(file, &["a.js".to_owned(), "b.js".to_owned()]), ["js", "js-too"]);
    }
}
