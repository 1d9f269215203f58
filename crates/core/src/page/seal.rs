//! A page ends with the digest of what stands before it, so that one that somebody edited is never overwritten.

use sha2::{Digest, Sha256};

const BEGIN: &str = "<!-- git-hotfix ";
const END: &str = " -->\n";

/// What a file that is there already is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// A page of ours that nobody has edited.
    Untouched,
    /// Anything else.
    Foreign,
}

/// The page with its digest at the end.
pub fn seal(page: &str) -> String {
    format!("{page}{BEGIN}{}{END}", digest(page.as_bytes()))
}

/// Whether a file is a page as [`seal`] gave it.
pub fn sealed(file: &[u8]) -> Sealed {
    let length = BEGIN.len() + 64 + END.len();
    let Some((page, end)) = file.len().checked_sub(length).and_then(|at| file.split_at_checked(at)) else {
        return Sealed::Foreign;
    };
    let right = format!("{BEGIN}{}{END}", digest(page));
    if end == right.as_bytes() { Sealed::Untouched } else { Sealed::Foreign }
}

/// SHA-256 as 64 lower-case hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .filter_map(|half| char::from_digit(half.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_page_is_told_from_an_untouched_one() {
        let page = seal("<p>one</p>\n");
        assert_eq!(sealed(page.as_bytes()), Sealed::Untouched);
        for other in [page.replace("one", "two"), format!("{page}more"), page[1..].to_owned(), String::new()]
        {
            assert_eq!(sealed(other.as_bytes()), Sealed::Foreign, "{other}");
        }
    }
}
