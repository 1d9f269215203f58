//! A merge request by push options: no request of its own is needed.

use crate::forge::Draft;

/// Bytes of an option that every Git carries: 65,000 pass, 70,000 end the connection.
const MOST: usize = 60_000;

/// The options that make the merge request, label it, and, if `arms`, have it merged when its pipeline has passed.
/// Asked for by both its names: a server drops the one it does not know without a word.
pub fn of(draft: &Draft<'_>, arms: bool) -> Vec<String> {
    let mut options = vec![
        "merge_request.create".to_owned(),
        format!("merge_request.target={}", draft.record.target),
        "merge_request.remove_source_branch".to_owned(),
    ];
    options.extend(text("title", &draft.title));
    options.extend(text("description", &description(draft)));
    options.extend(draft.labels.iter().filter_map(|label| text("label", label)));
    if draft.is_draft {
        options.push("merge_request.draft".to_owned());
    }
    if arms {
        options.push("merge_request.auto_merge".to_owned());
        options.push("merge_request.merge_when_pipeline_succeeds".to_owned());
    }
    options
}

/// One option. GitLab makes a line break of `\n`; nothing of what the wire cannot carry is sent.
fn text(name: &str, value: &str) -> Option<String> {
    let lines = value.trim().replace("\r\n", "\n").replace('\n', "\\n");
    let clean: String = lines.chars().filter(|character| !character.is_control()).collect();
    let mut end = clean.len().min(MOST);
    while !clean.is_char_boundary(end) {
        end -= 1;
    }
    let value = clean.get(..end).unwrap_or_default();
    (!value.is_empty()).then(|| format!("merge_request.{name}={value}"))
}

/// The text, and below it the order that asks for the reviewers: there is no push option for them.
pub fn description(draft: &Draft<'_>) -> String {
    let names: Vec<String> =
        draft.reviewers.iter().filter(|name| is_account(name)).map(|name| format!("@{name}")).collect();
    match names.is_empty() {
        true => draft.description.clone(),
        false => format!("{}\n\n/assign_reviewer {}", draft.description.trim_end(), names.join(" ")),
    }
}

/// Whether the text is changed by GitLab on its way through an option: a `\n` that is meant as it stands.
pub fn is_changed_by_options(draft: &Draft<'_>) -> bool {
    draft.description.contains("\\n") || draft.description.len() > MOST
}

/// Names of accounts hold nothing that could be another order.
fn is_account(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character))
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn line_breaks_are_written_out_and_nothing_else_breaks_the_wire() {
        let option = text("description", "a\r\nb\n\n\tc\0\u{1b}[31m").unwrap();
        assert_eq!(option, "merge_request.description=a\\nb\\n\\nc[31m");
        assert_eq!(text("title", " \n"), None);
    }

    #[test]
    fn an_option_is_never_longer_than_git_carries() {
        let option = text("description", &"ä".repeat(40_000)).unwrap();
        assert!(option.len() <= 60_100 && option.ends_with('ä'), "{}", option.len());
    }
}
