//! A sign beside a word: no state is shown by its colour alone.

use egui::{Label, Response, RichText, TextStyle, Ui};

use super::icons;
use super::tokens::palette;
use crate::model::tone::Tone;

/// Shows the sign of a tone, and a word.
pub fn show(ui: &mut Ui, tone: Tone, word: &str) -> Response {
    let color = if tone == Tone::Trouble { palette(ui).trouble } else { palette(ui).text };
    // As high as its text, so that rows of text stay as close as text is.
    let line = ui.text_style_height(&TextStyle::Body);
    let height = std::mem::replace(&mut ui.spacing_mut().interact_size.y, line);
    let row = ui.horizontal(|ui| {
        icons::tone(ui, tone);
        ui.add(Label::new(RichText::new(word).color(color)).extend())
    });
    ui.spacing_mut().interact_size.y = height;
    row.inner
}
