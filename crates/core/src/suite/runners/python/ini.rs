//! Just enough of INI files to find pytest's settings in `pytest.ini`, `tox.ini` and `setup.cfg`.

/// Whether a file has a section.
pub fn has_section(text: &str, section: &str) -> bool {
    text.lines().any(|line| section_of(line) == Some(section))
}

/// The value of a key, with its continuation lines joined by a newline.
pub fn value(text: &str, section: &str, key: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| section_of(line) != Some(section)).skip(1);
    let own = lines.by_ref().take_while(|line| section_of(line).is_none());
    let mut found: Option<String> = None;
    for line in own.filter(|line| !line.trim_start().starts_with(['#', ';'])) {
        let continues = line.starts_with([' ', '\t']);
        match &mut found {
            Some(value) if continues => {
                value.push('\n');
                value.push_str(line.trim());
            }
            Some(_) if !line.trim().is_empty() => break,
            Some(_) => {}
            None => found = assigned(line, key).filter(|_| !continues),
        }
    }
    found
}

fn section_of(line: &str) -> Option<&str> {
    Some(line.strip_prefix('[')?.split_once(']')?.0.trim())
}

fn assigned(line: &str, key: &str) -> Option<String> {
    let (name, value) = line.split_once(['=', ':'])?;
    (name.trim() == key).then(|| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_values_with_continuations() {
        let text = "[tox]\npython_files = no.py\n\n[pytest]\n# about\naddopts=-q\npython_files =\n  check_*.py\n  ; not\n\ttest_*.py\n\nmarkers = x\n";
        assert!(has_section(text, "pytest") && !has_section(text, "tool:pytest"));
        assert_eq!(value(text, "pytest", "python_files").as_deref(), Some("\ncheck_*.py\ntest_*.py"));
        assert_eq!(value(text, "pytest", "addopts").as_deref(), Some("-q"));
        assert_eq!(value(text, "pytest", "absent"), None);
        assert_eq!(value(text, "absent", "addopts"), None);
    }
}
