//! Colours of the pages. Text on any background has a contrast of at least 4.5 to 1, what is drawn 3 to 1 (WCAG 2.2,
//! 1.4.3 and 1.4.11).

/// Colours by what they are for.
pub type Palette = &'static [(&'static str, &'static str)];

/// On a light screen.
pub const LIGHT: Palette = &[
    ("page", "#ffffff"),
    ("card", "#f5f7f9"),
    ("line", "#7d8894"),
    ("text", "#1b1f24"),
    ("muted", "#535c66"),
    ("accent", "#0b57a8"),
    ("good", "#17693a"),
    ("warning", "#855000"),
    ("bad", "#b3261e"),
];

/// On a dark one.
pub const DARK: Palette = &[
    ("page", "#0f1419"),
    ("card", "#1a2129"),
    ("line", "#74808c"),
    ("text", "#e6e9ed"),
    ("muted", "#a3afbb"),
    ("accent", "#7ab7ff"),
    ("good", "#6fd08c"),
    ("warning", "#f0b957"),
    ("bad", "#ff9a91"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn color(palette: Palette, name: &str) -> &'static str {
        palette.iter().find(|(known, _)| *known == name).unwrap().1
    }

    /// Relative luminance as WCAG 2.2 defines it.
    fn luminance(color: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&color[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_every_background() {
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 0.01);
        for palette in [LIGHT, DARK] {
            for background in ["page", "card"] {
                for (name, least) in [
                    ("text", 7.0),
                    ("muted", 4.5),
                    ("accent", 4.5),
                    ("good", 4.5),
                    ("warning", 4.5),
                    ("bad", 4.5),
                    ("line", 3.0),
                ] {
                    let found = contrast(color(palette, name), color(palette, background));
                    assert!(found >= least, "{name} on {background}: {found:.2}");
                }
            }
        }
    }

    #[test]
    fn both_palettes_have_the_same_colours() {
        let names = |palette: Palette| palette.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(names(LIGHT), names(DARK));
    }
}
