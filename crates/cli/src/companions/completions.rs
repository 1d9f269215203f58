use clap::{Args, CommandFactory};
use clap_complete::Shell;
use hotfix_model::printed::ScriptOutput;

use crate::answer::Answer;
use crate::arguments;

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  git hotfix completions bash > ~/.local/share/bash-completion/completions/git-hotfix
  git hotfix completions zsh  > ~/.zfunc/_git-hotfix
  git hotfix completions fish > ~/.config/fish/completions/git-hotfix.fish")]
pub struct Arguments {
    /// Which shell
    shell: Shell,
}

/// What lets Git's own completion find ours when `git hotfix` is typed with a space.
const BASH_BRIDGE: &str = r#"
_git_hotfix() {
    COMP_WORDS=("git-hotfix" "${COMP_WORDS[@]:2}")
    COMP_CWORD=$((COMP_CWORD - 1))
    COMP_LINE="git-hotfix ${COMP_LINE#*hotfix}"
    _git__hotfix git-hotfix "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
}
"#;

/// Prints the script.
pub fn run(arguments: &Arguments) -> Answer {
    let mut script = Vec::new();
    let mut command = arguments::Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, "git-hotfix", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if arguments.shell == Shell::Bash {
        script.push_str(BASH_BRIDGE);
    }
    let output = ScriptOutput { shell: arguments.shell.to_string(), script };
    Answer::new(&output, output.script.clone())
}
