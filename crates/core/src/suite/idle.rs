//! Lines of shell that cannot test anything: they do nothing, or only say something.

/// Programs that test nothing.
const IDLE: &[&str] = &["true", ":", "echo", "printf", "cd", "exit"];
/// Programs whose own commands are told on lines of their own.
const MAKES: &[&str] = &["make", "gmake"];

/// Whether a script does nothing, or only says something. What is not understood may do something.
pub fn does_nothing(script: &str) -> bool {
    // What runs something inside of something is no plain list of commands.
    let is_plain = !script.contains("$(") && !script.contains('`') && !script.contains("<(");
    is_plain && commands(script).iter().all(|command| is_idle(command))
}

/// The simple commands of a script: words without quotes.
fn commands(script: &str) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut word = String::new();
    let mut quote = None;
    let mut characters = script.chars();
    let mut is_comment = false;
    while let Some(character) = characters.next() {
        let is_end = matches!(character, ';' | '&' | '|' | '\n' | '(' | ')');
        match (quote, character) {
            (None, '\n') if is_comment => is_comment = false,
            _ if is_comment => continue,
            (Some(open), _) if open == character => quote = None,
            (Some('\''), _) => word.push(character),
            (_, '\\') => word.extend(characters.next().filter(|next| *next != '\n')),
            (None, '\'' | '"') => quote = Some(character),
            (None, '#') if word.is_empty() => is_comment = true,
            (None, _) if is_end || character.is_whitespace() => {}
            _ => word.push(character),
        }
        let ends_word = quote.is_none() && (is_end || character.is_whitespace() || is_comment);
        if ends_word
            && !word.is_empty()
            && let Some(last) = all.last_mut()
        {
            last.push(std::mem::take(&mut word));
        }
        if quote.is_none() && is_end {
            all.push(Vec::new());
        }
    }
    if let Some(last) = all.last_mut().filter(|_| !word.is_empty()) {
        last.push(word);
    }
    all
}

fn is_idle(command: &[String]) -> bool {
    let is_assignment = |word: &&String| {
        let name = word.split_once('=').map_or("", |(name, _)| name);
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let mut words = command.iter().skip_while(is_assignment);
    let Some(first) = words.next() else { return true };
    match first.as_str() {
        // A code of failure is the end of a test.
        "exit" => words.next().is_none_or(|code| code == "0"),
        first => IDLE.contains(&first) || MAKES.contains(&first.rsplit('/').next().unwrap_or(first)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_only_speaks_is_told_from_what_acts() {
        for idle in [
            "",
            "true",
            ":",
            "exit 0",
            "exit",
            "echo no tests yet",
            "echo 'a; ./run' && exit 0",
            "# ./run\ntrue",
            "printf \"%s\\n\" none; true",
            "A=1 true",
            "make -C sub test\n:",
            "echo a \\\n  ./b",
            "cd x && echo",
        ] {
            assert!(does_nothing(idle), "{idle:?}");
        }
        for active in [
            "./check.sh",
            "echo a && ./check.sh",
            "echo a | ./check",
            "echo $(./check)",
            "echo `./check`",
            "exit 1",
            "false",
            "true; sh run.sh",
            "if [ -d x ]; then echo a; fi",
            "A=1 ./check",
            "(./check)",
            "echo a\n./check",
            "echo \"a\" ; ./check",
            "\"./check\"",
            "echo # no\n./check",
        ] {
            assert!(!does_nothing(active), "{active:?}");
        }
    }

    proptest! {
        #[test]
        fn a_command_anywhere_is_seen(
            before in prop::collection::vec("true|echo a|:|echo 'b;c'|exit 0", 0..4),
            after in prop::collection::vec("true|echo a|:", 0..4),
            separator in "; | && |\n|\\|\\|",
        ) {
            let all: Vec<&str> = before.iter().map(String::as_str).chain(["./check"]).chain(after.iter().map(String::as_str)).collect();
            prop_assert!(!does_nothing(&all.join(&separator)));
            prop_assert!(does_nothing(&before.join(&separator)));
        }

        #[test]
        fn any_text_does_no_harm(text in "(echo |true|;|&|\\||\"|'|\\\\|#|\n| |a){0,40}") {
            let _ = does_nothing(&text);
        }
    }
}
