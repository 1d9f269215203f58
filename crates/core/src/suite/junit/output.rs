//! Leaves out what tests printed: it may be of any size, and says nothing about results.

use std::io::{BufRead, Error, ErrorKind, Result};

/// The elements that hold it.
const OUTPUTS: &[&[u8]] = &[b"system-out", b"system-err"];
/// Longest beginning of markup that tells what it is: `![CDATA[`, `/system-out`.
const LONGEST: usize = 12;

/// The document without the content of its outputs; `None` if more than `limit` bytes are left. Errors: reading; an
/// output that holds anything but text, of which it could not be told where it ends.
pub fn without(mut document: impl BufRead, limit: u64) -> Result<Option<Vec<u8>>> {
    let mut scanner = Scanner::default();
    loop {
        let bytes = document.fill_buf()?;
        let length = bytes.len();
        if length == 0 {
            return Ok(Some(scanner.kept));
        }
        scanner.take_all(bytes)?;
        document.consume(length);
        if scanner.kept.len() as u64 > limit {
            return Ok(None);
        }
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Text,
    /// Behind `<`, before it is known what it begins.
    Beginning,
    /// In a tag, with the quote that is open.
    Tag(Option<u8>),
    /// In markup that ends with these bytes.
    Until(&'static [u8]),
}

#[derive(Default)]
struct Scanner {
    kept: Vec<u8>,
    place: Place,
    /// What came behind `<`, up to [`LONGEST`] bytes.
    beginning: Vec<u8>,
    /// The last three bytes.
    recent: [u8; 3],
    /// The output that is being left out.
    output: Option<&'static [u8]>,
}

impl Scanner {
    fn take_all(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some((byte, rest)) = bytes.split_first() {
            let quiet = self.quiet_length(bytes);
            if quiet == 0 {
                self.take(*byte)?;
                bytes = rest;
            } else {
                let (passed, rest) = bytes.split_at(quiet);
                self.pass(passed);
                bytes = rest;
            }
        }
        Ok(())
    }

    /// The number of bytes at the start that cannot change the place.
    fn quiet_length(&self, bytes: &[u8]) -> usize {
        let turning = match self.place {
            Place::Text => b'<',
            Place::Until(_) => b'>',
            Place::Beginning | Place::Tag(_) => return 0,
        };
        bytes.iter().position(|byte| *byte == turning).unwrap_or(bytes.len())
    }

    fn pass(&mut self, bytes: &[u8]) {
        let end = bytes.get(bytes.len().saturating_sub(3)..).unwrap_or_default();
        for byte in end {
            self.recent = [self.recent[1], self.recent[2], *byte];
        }
        if self.output.is_none() {
            self.kept.extend_from_slice(bytes);
        }
    }

    fn take(&mut self, byte: u8) -> Result<()> {
        self.recent = [self.recent[1], self.recent[2], byte];
        if self.output.is_none() {
            self.kept.push(byte);
        }
        self.place = match self.place {
            Place::Text if byte == b'<' => {
                self.beginning.clear();
                Place::Beginning
            }
            Place::Text => Place::Text,
            Place::Beginning => self.begin(byte)?,
            Place::Tag(Some(quote)) if byte == quote => Place::Tag(None),
            Place::Tag(None) if matches!(byte, b'"' | b'\'') => Place::Tag(Some(byte)),
            Place::Tag(None) if byte == b'>' => self.end_tag(),
            Place::Until(end) if self.recent.ends_with(end) => Place::Text,
            place => place,
        };
        Ok(())
    }

    /// Finds out what `<` begins.
    fn begin(&mut self, byte: u8) -> Result<Place> {
        self.beginning.push(byte);
        let begun = self.beginning.as_slice();
        if let Some(name) = self.output {
            return self.begin_in_output(name);
        }
        match begun {
            b"?" => return Ok(self.until(b"?>")),
            b"!--" => return Ok(self.until(b"-->")),
            b"![CDATA[" => return Ok(self.until(b"]]>")),
            _ if byte == b'>' => return Ok(self.end_tag()),
            _ => {}
        }
        let is_literal = |literal: &[u8]| literal.starts_with(begun);
        if is_literal(b"!--") || is_literal(b"![CDATA[") {
            return Ok(Place::Beginning);
        }
        match byte {
            b'"' | b'\'' => Ok(Place::Tag(Some(byte))),
            _ if begun.len() >= LONGEST || byte.is_ascii_whitespace() => Ok(Place::Tag(None)),
            _ => Ok(Place::Beginning),
        }
    }

    /// In an output, only its end and literal text may begin: else cases behind it could get lost unseen.
    fn begin_in_output(&mut self, name: &'static [u8]) -> Result<Place> {
        let begun = self.beginning.as_slice();
        if begun == b"![CDATA[" {
            return Ok(self.until(b"]]>"));
        }
        let end = [b"/", name].concat();
        if begun == end {
            self.kept.push(b'<');
            self.kept.extend_from_slice(&end);
            self.output = None;
            return Ok(Place::Tag(None));
        }
        if end.starts_with(begun) || b"![CDATA[".starts_with(begun) {
            return Ok(Place::Beginning);
        }
        Err(Error::new(ErrorKind::InvalidData, "the output of a test is not escaped"))
    }

    /// The beginning is no part of the end: `<!-->` begins a comment and does not end it.
    fn until(&mut self, end: &'static [u8]) -> Place {
        self.recent = [0; 3];
        Place::Until(end)
    }

    fn end_tag(&mut self) -> Place {
        let name =
            self.beginning.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/')).next();
        let is_empty = self.recent.ends_with(b"/>");
        self.output = OUTPUTS.iter().copied().find(|output| Some(*output) == name && !is_empty);
        Place::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> String {
        String::from_utf8(without(text.as_bytes(), 1000).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn what_tests_printed_is_left_out() {
        let same = "<?xml version=\"1.0\"?><a b=\"<system-out>\" c='>'><!-- <system-out> --><![CDATA[<system-out>]]><system-out/><system-err x=\"1\" /></a>";
        assert_eq!(kept(same), same);
        let printed = "<a><system-out>1 &lt; 2 > ]] \" '</system-out><b/><system-err n=\">\"><![CDATA[<b></system-err>]]]>x</system-err ></a>";
        assert_eq!(kept(printed), "<a><system-out></system-out><b/><system-err n=\">\"></system-err ></a>");
    }

    #[test]
    fn an_output_whose_end_is_not_clear_is_refused() {
        for text in ["<a><system-out><b></system-out></a>", "<a><system-out>1 < 2</system-out></a>"] {
            assert!(without(text.as_bytes(), 1000).is_err(), "{text}");
        }
    }

    #[test]
    fn the_beginning_of_a_comment_does_not_end_it() {
        for same in
            ["<a><!--><system-out>1</system-out>--></a>", "<a><!---><system-err>1</system-err>--></a>"]
        {
            assert_eq!(kept(same), same);
        }
    }

    #[test]
    fn size_counts_without_outputs() {
        let large = format!("<a><system-out>{}</system-out></a>", "x".repeat(2000));
        assert!(without(large.as_bytes(), 1000).unwrap().is_some());
        assert!(without(large.replace("system-out", "b").as_bytes(), 1000).unwrap().is_none());
    }
}
