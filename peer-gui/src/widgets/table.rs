//! Rows that can be selected.
//!
//! A table's cells sense nothing; each row senses for all of them, has a role and a name, and only the selected one (or
//! the first, if none is) is a stop of the Tab key, so that a long list costs one stop.

use egui::{Align, EventFilter, Id, Label, Layout, Rect, Response, RichText, Role, Sense, Ui, WidgetInfo};
use egui_extras::TableBuilder;

use super::tokens::{TEXT_SMALL, palette};
use crate::words::format;

/// Row of a table, as far as those who use it are concerned.
pub struct RowHandle<'a> {
    /// ID of the row.
    pub id: Id,
    /// Text that is heard.
    pub spoken: &'a str,
    /// True if the row is selected.
    pub selected: bool,
    /// True if the Tab key stops here.
    pub tab_stop: bool,
}

/// Builds a table whose cells sense nothing, over all the room that there is.
pub fn builder(ui: &mut Ui, id_salt: impl egui::AsIdSalt) -> TableBuilder<'_> {
    TableBuilder::new(ui)
        .id_salt(id_salt)
        .auto_shrink([false, false])
        .min_scrolled_height(0.0)
        .sense(Sense::hover())
        .cell_layout(Layout::left_to_right(Align::Center))
}

/// Makes a row out of `rect`. To be called in the row's first cell, before anything that senses by itself.
pub fn row(ui: &mut Ui, rect: Rect, clip: Rect, handle: &RowHandle<'_>) -> Response {
    let clip_of_cell = ui.clip_rect();
    ui.set_clip_rect(clip);
    let sense = if handle.tab_stop { Sense::click() } else { Sense::CLICK };
    let response = ui.interact(rect, handle.id, sense);
    response.widget_info(|| WidgetInfo::selected(Role::Row, true, handle.selected, handle.spoken));
    // Arrows move the selection, not the focus.
    let arrows = EventFilter { vertical_arrows: true, escape: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(handle.id, arrows));
    ui.set_clip_rect(clip_of_cell);
    response
}

/// Paints a line around the row that has the focus. To be called in the row's last cell, since each paints its own
/// background.
pub fn outline(ui: &Ui, rect: Rect, clip: Rect, id: Id) {
    if ui.memory(|memory| memory.has_focus(id)) {
        let line = egui::Stroke::new(2.0, palette(ui).accent);
        let painter = ui.ctx().layer_painter(ui.layer_id()).with_clip_rect(clip);
        painter.rect_stroke(rect.shrink(1.0), 2, line, egui::StrokeKind::Inside);
    }
}

/// Shows the heading of a column that can be sorted by. `name` is heard; `descending` is there if it is sorted by
/// already.
pub fn heading_button(ui: &mut Ui, text: &str, name: &str, descending: Option<bool>) -> Response {
    let p = palette(ui);
    let shown = match descending {
        None => RichText::new(text).color(p.weak),
        Some(true) => RichText::new(format!("{text} ↓")).color(p.text),
        Some(false) => RichText::new(format!("{text} ↑")).color(p.text),
    };
    let shown = ui.scope(|ui| {
        ui.spacing_mut().button_padding = egui::vec2(0.0, 2.0);
        ui.add(egui::Button::new(shown.size(TEXT_SMALL)).frame_when_inactive(false).truncate())
    });
    shown.inner.accessible_name(name)
}

/// Shows the heading of a column.
pub fn heading(ui: &mut Ui, text: &str) {
    let color = palette(ui).weak;
    ui.add(Label::new(RichText::new(text).size(TEXT_SMALL).color(color)).truncate());
}

/// Shows a name that keeps its extension in view; it is whole when the pointer rests on it.
pub fn name(ui: &mut Ui, text: &str) -> Response {
    let font = egui::TextStyle::Body.resolve(ui.style());
    elided(ui, text, &font)
}

/// Shows text that keeps its end in view, in this font.
pub fn elided(ui: &mut Ui, text: &str, font: &egui::FontId) -> Response {
    let (color, width) = (palette(ui).text, ui.available_width());
    let painter = ui.painter().clone();
    let fits = |text: &str| painter.layout_no_wrap(text.to_owned(), font.clone(), color).size().x <= width;
    let shown = format::elide_middle(text, fits);
    let response = ui.add(Label::new(RichText::new(&shown).font(font.clone()).color(color)).extend());
    if shown == text { response } else { response.on_hover_text(text) }
}
