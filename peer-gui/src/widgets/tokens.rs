//! Colours, sizes and distances: the one place where they are written.

use egui::Color32;

use crate::model::tone::Tone;

/// Colours of one theme.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// Colour behind the list.
    pub background: Color32,
    /// Colour behind the sidebar and the status bar.
    pub sidebar: Color32,
    /// Colour behind cards and the pane below the list.
    pub surface: Color32,
    /// Colour behind text fields.
    pub field: Color32,
    /// Colour of buttons.
    pub raised: Color32,
    /// Colour of buttons under the pointer.
    pub raised_hover: Color32,
    /// Colour of lines between things.
    pub border: Color32,
    /// Colour around fields and buttons, which needs a contrast of 3, since it shows where they are.
    pub outline: Color32,
    /// Colour of text.
    pub text: Color32,
    /// Colour of text that is less important.
    pub weak: Color32,
    /// Colour of what to do next, and of what moves.
    pub accent: Color32,
    /// Colour of text on `accent`.
    pub on_accent: Color32,
    /// Colour behind selected rows.
    pub selection: Color32,
    /// Colour behind the row under the pointer.
    pub hover: Color32,
    /// Colour of the part of a progress bar that is not done.
    pub track: Color32,
    /// Colour of [`Tone::Good`].
    pub good: Color32,
    /// Colour of [`Tone::Waiting`].
    pub waiting: Color32,
    /// Colour of [`Tone::Trouble`].
    pub trouble: Color32,
    /// Colour of text on `trouble`.
    pub on_trouble: Color32,
}

/// Palette with light text on dark.
pub const DARK: Palette = Palette {
    background: Color32::from_rgb(0x14, 0x16, 0x1b),
    sidebar: Color32::from_rgb(0x1a, 0x1d, 0x24),
    surface: Color32::from_rgb(0x1c, 0x20, 0x28),
    field: Color32::from_rgb(0x0f, 0x11, 0x15),
    raised: Color32::from_rgb(0x2b, 0x30, 0x3b),
    raised_hover: Color32::from_rgb(0x38, 0x3f, 0x4d),
    border: Color32::from_rgb(0x2c, 0x31, 0x3c),
    outline: Color32::from_rgb(0x69, 0x72, 0x85),
    text: Color32::from_rgb(0xec, 0xee, 0xf3),
    weak: Color32::from_rgb(0xa6, 0xae, 0xbd),
    accent: Color32::from_rgb(0x6d, 0xa8, 0xff),
    on_accent: Color32::from_rgb(0x0b, 0x17, 0x2b),
    selection: Color32::from_rgb(0x22, 0x39, 0x5c),
    hover: Color32::from_rgb(0x20, 0x24, 0x2d),
    track: Color32::from_rgb(0x33, 0x39, 0x45),
    good: Color32::from_rgb(0x4f, 0xcb, 0x8f),
    waiting: Color32::from_rgb(0xf2, 0xb7, 0x55),
    trouble: Color32::from_rgb(0xff, 0x8d, 0x85),
    on_trouble: Color32::from_rgb(0x2e, 0x08, 0x06),
};

/// Palette with dark text on light.
pub const LIGHT: Palette = Palette {
    background: Color32::from_rgb(0xff, 0xff, 0xff),
    sidebar: Color32::from_rgb(0xf1, 0xf3, 0xf7),
    surface: Color32::from_rgb(0xf7, 0xf8, 0xfb),
    field: Color32::from_rgb(0xff, 0xff, 0xff),
    raised: Color32::from_rgb(0xe6, 0xe9, 0xf0),
    raised_hover: Color32::from_rgb(0xd8, 0xdd, 0xe7),
    border: Color32::from_rgb(0xdc, 0xe0, 0xe8),
    outline: Color32::from_rgb(0x84, 0x8d, 0x9e),
    text: Color32::from_rgb(0x18, 0x1b, 0x22),
    weak: Color32::from_rgb(0x4d, 0x56, 0x67),
    accent: Color32::from_rgb(0x1c, 0x5a, 0xc4),
    on_accent: Color32::from_rgb(0xff, 0xff, 0xff),
    selection: Color32::from_rgb(0xd6, 0xe5, 0xff),
    hover: Color32::from_rgb(0xf0, 0xf3, 0xf8),
    track: Color32::from_rgb(0xd3, 0xd9, 0xe4),
    good: Color32::from_rgb(0x0e, 0x6b, 0x40),
    waiting: Color32::from_rgb(0x85, 0x50, 0x00),
    trouble: Color32::from_rgb(0xb3, 0x22, 0x1d),
    on_trouble: Color32::from_rgb(0xff, 0xff, 0xff),
};

impl Palette {
    /// Colour of a tone.
    pub fn tone(&self, tone: Tone) -> Color32 {
        match tone {
            Tone::Quiet | Tone::Absent => self.weak,
            Tone::Active => self.accent,
            Tone::Good => self.good,
            Tone::Waiting => self.waiting,
            Tone::Trouble => self.trouble,
        }
    }
}

/// Palette of the theme in which this is drawn.
pub fn palette(ui: &egui::Ui) -> &'static Palette {
    if ui.visuals().dark_mode { &DARK } else { &LIGHT }
}

/// Size of text, in points.
pub const TEXT: f32 = 14.0;
/// Size of small text, in points.
pub const TEXT_SMALL: f32 = 12.5;
/// Size of titles, in points.
pub const TEXT_TITLE: f32 = 17.0;
/// Size of headings, in points.
pub const TEXT_HEADING: f32 = 22.0;

/// Small distance, in points.
pub const GAP_SMALL: f32 = 4.0;
/// Usual distance, in points.
pub const GAP: f32 = 8.0;
/// Large distance, in points.
pub const GAP_LARGE: f32 = 16.0;
/// Distance between a window's edge and what is on it, in points.
pub const MARGIN: i8 = 16;

/// Radius of the corners of buttons, fields and cards.
pub const RADIUS: u8 = 6;
/// Height of buttons and fields.
pub const CONTROL: f32 = 32.0;
/// Height of a line of text with a small button in it.
pub const LINE: f32 = 24.0;
/// Height of a row of the list.
pub const ROW: f32 = 36.0;
/// Height of the list's headings.
pub const HEADER: f32 = 28.0;
/// Width of the sidebar with words.
pub const SIDEBAR: f32 = 188.0;
/// Width of the sidebar without words.
pub const SIDEBAR_COMPACT: f32 = 60.0;
/// Width of a window below which the sidebar has no words.
pub const COMPACT_BELOW: f32 = 900.0;
/// Greatest width of text and forms, so that lines stay readable.
pub const READABLE: f32 = 720.0;

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, after WCAG 2.2.
    fn luminance(color: Color32) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    /// Contrast ratio, after WCAG 2.2.
    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_in_both_themes() {
        for (theme, p) in [("dark", DARK), ("light", LIGHT)] {
            let behind = [p.background, p.sidebar, p.surface, p.field, p.raised, p.selection, p.hover];
            for (name, text) in [
                ("text", p.text),
                ("weak", p.weak),
                ("accent", p.accent),
                ("good", p.good),
                ("waiting", p.waiting),
                ("trouble", p.trouble),
            ] {
                for back in behind {
                    let ratio = contrast(text, back);
                    assert!(ratio >= 4.5, "{theme}: {name} on {back:?} has a contrast of {ratio:.2}");
                }
            }
            for (text, back) in [(p.on_accent, p.accent), (p.on_trouble, p.trouble), (p.text, p.raised_hover)] {
                assert!(contrast(text, back) >= 4.5, "{theme}: {text:?} on {back:?}");
            }
        }
    }

    #[test]
    fn fields_and_buttons_can_be_found() {
        for p in [DARK, LIGHT] {
            for back in [p.background, p.surface, p.field] {
                assert!(contrast(p.outline, back) >= 3.0, "{back:?}: {:.2}", contrast(p.outline, back));
            }
        }
    }

    #[test]
    fn the_formula_gives_what_the_standard_says() {
        assert!((contrast(Color32::WHITE, Color32::BLACK) - 21.0).abs() < 1e-9);
    }
}
