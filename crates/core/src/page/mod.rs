//! Self-contained HTML pages: one file, no script, nothing loaded from anywhere.
//!
//! Every text that gets into a page goes through one door, `write_value`: control characters and those that reorder
//! text are taken out, then it is escaped. The templates mark nothing as safe; a test reads them.

mod markdown;
mod palette;
mod plot;
mod seal;
mod timeline;

use minijinja::value::{Serde, ValueKind};
use minijinja::{AutoEscape, Environment, Error, Output, State, Value, escape_formatter};
use serde::Serialize;

use crate::error::Explain;
use crate::exec::sanitize;

pub use markdown::{Block, Section, sections};
pub use palette::{DARK, LIGHT, Palette};
pub use plot::{Plot, Point, Series, duration};
pub use seal::{Sealed, digest, seal, sealed};
pub use timeline::{Happening, Timeline, Tone};

/// What the browser may do with a page: show it. Style is part of the page; the icon is none.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const TEMPLATES: &[(&str, &str)] = &[
    ("page.html", include_str!("templates/page.html")),
    ("style.css.html", include_str!("templates/style.css.html")),
    ("plots.html", include_str!("templates/plots.html")),
    ("postmortem.html", include_str!("templates/postmortem.html")),
    ("report.html", include_str!("templates/report.html")),
];

/// A page could not be put together: a defect of ours.
#[derive(Debug, thiserror::Error)]
#[error("the page {name} could not be put together")]
pub struct PageError {
    name: &'static str,
    source: Error,
}

/// What every page is given besides its own view.
#[derive(Serialize)]
struct Given<'a, V> {
    policy: &'static str,
    light: &'static [(&'static str, &'static str)],
    dark: &'static [(&'static str, &'static str)],
    view: &'a V,
}

/// The page of this template (`report.html`) with this view.
pub fn render(name: &'static str, view: &impl Serialize) -> Result<String, PageError> {
    let failed = |source| PageError { name, source };
    let environment = environment().map_err(failed)?;
    let given = Given { policy: POLICY, light: LIGHT, dark: DARK, view };
    let template = environment.get_template(name).map_err(failed)?;
    template.render(Value::from(Serde(&given))).map_err(failed)
}

fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.set_formatter(write_value);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

/// The door: only what a template itself has put together comes through unchanged.
fn write_value(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if value.kind() == ValueKind::String && !value.is_safe() && !is_plain(text) => {
            escape_formatter(out, state, &Value::from(sanitize(text)))
        }
        _ => escape_formatter(out, state, value),
    }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

impl Explain for PageError {
    fn why(&self) -> String {
        self.source.to_string()
    }

    fn next(&self) -> String {
        "report it; the record itself is complete (git hotfix log)".to_owned()
    }

    fn exit(&self) -> hotfix_model::ExitCode {
        hotfix_model::ExitCode::SETUP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_template_lets_text_through_unescaped() {
        for (name, source) in TEMPLATES {
            for way in ["safe", "autoescape", "<script", "http:", "https:", "style=\""] {
                assert!(!source.contains(way), "{name} holds {way}");
            }
        }
    }

    #[test]
    fn text_is_text_whatever_is_in_it() {
        let mut environment = environment().unwrap();
        environment.add_template("one.html", "<p title=\"{{ a }}\">{{ a }}</p>").unwrap();
        let shown = |text: &str| {
            environment.get_template("one.html").unwrap().render(minijinja::context!(a => text)).unwrap()
        };
        assert_eq!(
            shown("\"><img onerror=x>"),
            "<p title=\"&quot;&gt;&lt;img onerror=x&gt;\">&quot;&gt;&lt;img onerror=x&gt;</p>"
        );
        assert_eq!(shown("a\u{1b}[31mb\u{202e}c\u{0}"), "<p title=\"abc\">abc</p>");
    }
}
