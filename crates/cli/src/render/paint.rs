//! Colours, by meaning.

use hotfix_core::event::Tone;
use hotfix_model::Step;
use owo_colors::{OwoColorize, Style};

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    colored: bool,
}

impl Paint {
    /// With colours or without.
    pub const fn new(colored: bool) -> Self {
        Self { colored }
    }

    /// What went as hoped.
    pub fn good(self, text: &str) -> String {
        self.styled(text, Style::new().green())
    }

    /// What is worth a look.
    pub fn warning(self, text: &str) -> String {
        self.styled(text, Style::new().yellow())
    }

    /// What stops.
    pub fn bad(self, text: &str) -> String {
        self.styled(text, Style::new().red().bold())
    }

    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        self.styled(text, Style::new().dimmed())
    }

    /// What can be typed.
    pub fn bold(self, text: &str) -> String {
        self.styled(text, Style::new().bold())
    }

    /// The word of a step, padded to a column.
    pub fn step(self, step: Step) -> String {
        self.styled(&format!("{:<9}", step.word()), Style::new().cyan())
    }

    /// The mark in front of a line.
    pub fn mark(self, tone: Tone) -> String {
        match tone {
            Tone::Good => self.good("✓"),
            Tone::Warning => self.warning("!"),
            Tone::Bad => self.bad("✗"),
            Tone::Plain => " ".to_owned(),
        }
    }

    /// Text in the colour of a tone.
    pub fn tone(self, tone: Tone, text: &str) -> String {
        match tone {
            Tone::Good => self.good(text),
            Tone::Warning => self.warning(text),
            Tone::Bad => self.bad(text),
            Tone::Plain => text.to_owned(),
        }
    }

    fn styled(self, text: &str, style: Style) -> String {
        if self.colored { text.style(style).to_string() } else { text.to_owned() }
    }
}
