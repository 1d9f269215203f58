use clap::{Args, ValueEnum};
use hotfix_model::printed::ScriptOutput;

use crate::answer::Answer;

/// Print a shell wrapper that changes into the worktree after start, and back after ship
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eval \"$(git hotfix shell-init bash)\"     # in ~/.bashrc
  eval \"$(git hotfix shell-init zsh)\"      # in ~/.zshrc
  git hotfix shell-init fish | source      # in ~/.config/fish/config.fish")]
pub struct Arguments {
    /// Which shell
    shell: Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

const POSIX: &str = r#"git() {
    if [ "$1" != hotfix ]; then
        command git "$@"
        return
    fi
    shift
    local hotfix_cd_file hotfix_status
    hotfix_cd_file="$(mktemp)" || return
    HOTFIX_CD_FILE="$hotfix_cd_file" command git hotfix "$@"
    hotfix_status=$?
    if [ -s "$hotfix_cd_file" ]; then
        cd -- "$(cat -- "$hotfix_cd_file")" || hotfix_status=$?
    fi
    rm -f -- "$hotfix_cd_file"
    return $hotfix_status
}
"#;

const FISH: &str = r#"function git --wraps git
    if test "$argv[1]" != hotfix
        command git $argv
        return
    end
    set -l hotfix_cd_file (mktemp); or return
    HOTFIX_CD_FILE=$hotfix_cd_file command git $argv
    set -l hotfix_status $status
    if test -s $hotfix_cd_file
        cd (cat $hotfix_cd_file); or set hotfix_status $status
    end
    rm -f $hotfix_cd_file
    return $hotfix_status
end
"#;

/// Prints the wrapper.
pub fn run(arguments: &Arguments) -> Answer {
    let (shell, script) = match arguments.shell {
        Shell::Bash => ("bash", POSIX),
        Shell::Zsh => ("zsh", POSIX),
        Shell::Fish => ("fish", FISH),
    };
    let output = ScriptOutput { shell: shell.to_owned(), script: script.to_owned() };
    Answer::new(&output, script.to_owned())
}
