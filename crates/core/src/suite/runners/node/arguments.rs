//! The arguments that a script gives a test tool, sorted by what becomes of them in a run of ours.

use super::words::Word;

/// What a tool's options mean for a run of ours. Names without their values, in any notation the tool takes.
pub struct Options {
    /// Those that watch, report, stop early or collect coverage: ours to choose.
    pub dropped: &'static [&'static str],
    /// Those that choose tests by their names: kept unless we do.
    pub by_name: &'static [&'static str],
    /// Those that choose files: kept unless we do.
    pub by_file: &'static [&'static str],
    /// Those that take the next word.
    pub with_value: &'static [&'static str],
}

/// Arguments of a script.
pub struct Arguments<'a> {
    options: Vec<(String, Vec<&'a Word>)>,
    /// Those that are no options: files, folders and patterns.
    pub named: Vec<&'a Word>,
}

impl<'a> Arguments<'a> {
    /// Sorts arguments.
    pub fn new(words: &'a [Word], options: &Options) -> Self {
        let mut sorted = Self { options: Vec::new(), named: Vec::new() };
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            if word.text == "--" {
                sorted.named.extend(words.by_ref());
            } else if word.text.starts_with('-') && word.text.len() > 1 {
                let name = option_name(&word.text);
                let takes_next = is_one_of(&name, options.with_value) && !word.text.contains('=');
                let is_number = |next: &&Word| next.text.bytes().all(|byte| byte.is_ascii_digit());
                let is_dropped = is_one_of(&name, options.dropped);
                let value = words.next_if(|next| {
                    takes_next && !next.text.starts_with('-') || is_dropped && is_number(next)
                });
                sorted.options.push((name, std::iter::once(word).chain(value).collect()));
            } else {
                sorted.named.push(word);
            }
        }
        sorted
    }

    /// The options that stay, as they are written: those not in these lists.
    pub fn kept(&self, left_out: &[&[&str]]) -> Vec<&'a Word> {
        let stays = |name: &str| !left_out.iter().any(|list| is_one_of(name, list));
        self.options
            .iter()
            .filter(|(name, _)| stays(name))
            .flat_map(|(_, words)| words.iter().copied())
            .collect()
    }

    /// The values of an option.
    pub fn values(&self, name: &str) -> Vec<&'a str> {
        let of_name = self.options.iter().filter(|(one, _)| *one == option_name(name));
        of_name
            .filter_map(|(_, words)| match words.as_slice() {
                [option] => option.text.split_once('=').map(|(_, value)| value),
                [_, value, ..] => Some(value.text.as_str()),
                [] => None,
            })
            .collect()
    }
}

fn is_one_of(name: &str, list: &[&str]) -> bool {
    list.iter().any(|one| option_name(one) == name)
}

/// The name of an option in one notation: `--no-pass-with-no-tests`, `--passWithNoTests=false` and
/// `--coverage.enabled` are `--passWithNoTests`, the same, and `--coverage`.
fn option_name(word: &str) -> String {
    let Some(long) = word.strip_prefix("--") else {
        return word.split('=').next().unwrap_or_default().to_owned();
    };
    let name = long.split(['=', '.']).next().unwrap_or_default();
    let name = name.strip_prefix("no-").unwrap_or(name);
    let mut written = "--".to_owned();
    let mut is_start = false;
    for character in name.chars() {
        match character {
            '-' => is_start = true,
            other if is_start => {
                written.extend(other.to_uppercase());
                is_start = false;
            }
            other => written.push(other),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::super::words::commands;
    use super::*;

    const OPTIONS: Options = Options {
        dropped: &["--coverage", "--pass-with-no-tests", "--bail", "-w"],
        by_name: &["-t"],
        by_file: &[],
        with_value: &["--config", "-t", "-r"],
    };

    #[test]
    fn what_collides_is_dropped_in_every_notation() {
        let line = "x --config a.js --coverage.enabled --no-coverage --passWithNoTests=false --bail 3 -w -t 'a b' \
                    test/*.js --no-cache --dir=src -- -odd";
        let words = commands(line).unwrap_or_default().concat();
        let words = words.get(1..).unwrap_or_default();
        let sorted = Arguments::new(words, &OPTIONS);
        let raw =
            |words: Vec<&Word>| words.iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" ");
        assert_eq!(raw(sorted.kept(&[OPTIONS.dropped])), "--config a.js -t 'a b' --no-cache --dir=src");
        assert_eq!(
            raw(sorted.kept(&[OPTIONS.dropped, OPTIONS.by_name])),
            "--config a.js --no-cache --dir=src"
        );
        assert_eq!(raw(sorted.named.clone()), "test/*.js -odd");
        assert_eq!((sorted.values("-t"), sorted.values("--dir")), (vec!["a b"], vec!["src"]));
    }
}
