//! Takes credentials out of text before anybody sees it.

use std::borrow::Cow;

/// The text with user names and passwords in URLs replaced by `***`.
pub fn redact(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        clean.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "/?#'\"<>".contains(c)).unwrap_or(after.len());
        let (authority, remaining) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                clean.push_str("***@");
                clean.push_str(host);
            }
            None => clean.push_str(authority),
        }
        rest = remaining;
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn hides_userinfo_and_nothing_else() {
        assert_eq!(redact("no url"), "no url");
        assert_eq!(redact("https://host/path"), "https://host/path");
        assert_eq!(redact("x https://me:token@host/p y"), "x https://***@host/p y");
        assert_eq!(redact("https://a@b:c@host"), "https://***@host");
        assert_eq!(redact("'ssh://git@host' and http://t@h"), "'ssh://***@host' and http://***@h");
    }
}
