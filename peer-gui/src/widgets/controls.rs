//! Buttons, fields, cards.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{
    Align, Button, CornerRadius, Frame, Layout, Margin, PopupCloseBehavior, Response, RichText, Stroke, StrokeKind,
    TextEdit, Ui, vec2,
};

use super::icons;
use super::tokens::{CONTROL, GAP_LARGE, GAP_SMALL, RADIUS, READABLE, TEXT_TITLE, palette};
use crate::model::tone::Tone;

/// Longest text that a field takes, in characters.
const MAX_FIELD: usize = 8 * 1024;

/// Shows a button for what to do next.
pub fn primary(ui: &mut Ui, label: &str) -> Response {
    let p = palette(ui);
    let text = RichText::new(label).color(p.on_accent);
    let button = Button::new(text).fill(p.accent).stroke(Stroke::new(1.0, p.accent)).min_size(vec2(0.0, CONTROL));
    ringed(ui, |ui| ui.add(button))
}

/// Puts a ring around a button while it has the keyboard's focus: its own line stays as it is.
fn ringed(ui: &mut Ui, button: impl FnOnce(&mut Ui) -> Response) -> Response {
    let response = button(ui);
    if response.has_focus() {
        let line = Stroke::new(2.0, palette(ui).accent);
        ui.painter().rect_stroke(response.rect.expand(1.0), RADIUS + 1, line, StrokeKind::Outside);
    }
    response
}

/// Shows a button for what can be done too.
pub fn button(ui: &mut Ui, label: &str) -> Response {
    let border = palette(ui).border;
    ringed(ui, |ui| ui.add(Button::new(label).stroke(Stroke::new(1.0, border)).min_size(vec2(0.0, CONTROL))))
}

/// Shows a button for what cannot be undone.
pub fn danger(ui: &mut Ui, label: &str) -> Response {
    let p = palette(ui);
    let text = RichText::new(label).color(p.on_trouble);
    let button = Button::new(text).fill(p.trouble).stroke(Stroke::new(1.0, p.trouble)).min_size(vec2(0.0, CONTROL));
    ringed(ui, |ui| ui.add(button))
}

/// Shows a button in a line of text. `name` is heard where `label` alone would not say what it is about.
pub fn small(ui: &mut Ui, label: &str, name: &str) -> Response {
    let border = palette(ui).border;
    let shown = ui.scope(|ui| {
        ui.spacing_mut().button_padding = vec2(8.0, 2.0);
        ui.spacing_mut().interact_size.y = 0.0;
        let text = RichText::new(label).small();
        let button = Button::new(text).stroke(Stroke::new(1.0, border)).min_size(vec2(0.0, 22.0)).corner_radius(4);
        ringed(ui, |ui| ui.add(button))
    });
    shown.inner.accessible_name(name)
}

/// Shows a button that opens a menu, which stays until it is closed or something beside it is clicked: more than one
/// box may be ticked.
pub fn menu(ui: &mut Ui, label: &str, contents: impl FnOnce(&mut Ui)) {
    let border = palette(ui).border;
    let button = Button::new(label).stroke(Stroke::new(1.0, border)).min_size(vec2(0.0, CONTROL));
    let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    ringed(ui, |ui| MenuButton::from_button(button).config(stays).ui(ui, contents).0);
}

/// Shows the tab of one of several pages. `name` is heard where `label` alone would not say what it is about.
pub fn tab(ui: &mut Ui, label: &str, name: &str, selected: bool) -> Response {
    let response = ui.add(Button::selectable(selected, label).min_size(vec2(0.0, 28.0)));
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Tab, true, selected, name));
    response
}

/// Field of one line that was drawn, and the text in it.
pub struct Field {
    /// Response of the field.
    pub response: Response,
    /// Text in the field, as it is after this frame's keys.
    pub text: String,
}

impl Field {
    /// Text in the field, if it was edited in this frame.
    pub fn edited(&self) -> Option<String> {
        self.response.changed().then(|| self.text.clone())
    }

    /// Tells whether Enter was pressed in this field, which keeps the focus: a text that was refused can be mended at once.
    pub fn submitted(&self, ui: &Ui) -> bool {
        let submitted = self.response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if submitted {
            self.response.request_focus();
        }
        submitted
    }
}

/// Shows a field of one line. The hint is its name too.
pub fn field(ui: &mut Ui, text: &str, hint: &'static str, width: f32) -> Field {
    let mut text = text.to_owned();
    let response = edit(ui, TextEdit::singleline(&mut text), hint, width);
    Field { response, text }
}

/// Shows a field of one line whose name stands above it.
pub fn named_field(ui: &mut Ui, text: &str, name: &str, width: f32) -> Field {
    let mut text = text.to_owned();
    let response = edit(ui, TextEdit::singleline(&mut text), "", width).accessible_name(name);
    Field { response, text }
}

/// Shows a field of one line whose text is hidden from those who look over the shoulder.
pub fn secret_field(ui: &mut Ui, text: &str, hint: &'static str, width: f32) -> Field {
    let mut text = text.to_owned();
    let response = edit(ui, TextEdit::singleline(&mut text).password(true), hint, width);
    Field { response, text }
}

fn edit(ui: &mut Ui, edit: TextEdit<'_>, hint: &'static str, width: f32) -> Response {
    let p = palette(ui);
    let edit = edit
        .hint_text(RichText::new(hint).color(p.weak))
        .char_limit(MAX_FIELD)
        .margin(Margin::symmetric(10, 7))
        .min_size(vec2(0.0, CONTROL))
        .desired_width(width);
    ui.scope(|ui| {
        // A field that nobody is in is a line around an empty place; egui would draw none.
        ui.visuals_mut().widgets.inactive.bg_stroke = Stroke::new(1.0, p.outline);
        ui.add(edit)
    })
    .inner
    .accessible_name(hint)
}

/// Shows a frame around what belongs together, as wide as text may get.
pub fn card<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let p = palette(ui);
    let frame = Frame::new()
        .fill(p.surface)
        .stroke(Stroke::new(1.0, p.border))
        .corner_radius(CornerRadius::same(RADIUS + 2))
        .inner_margin(Margin::same(GAP_LARGE as i8));
    let width = ui.available_width().min(READABLE);
    let shown = frame.show(ui, |ui| {
        ui.set_width(width - 2.0 * GAP_LARGE - 2.0);
        contents(ui)
    });
    ui.add_space(GAP_SMALL);
    shown.inner
}

/// Shows a row of this height whose contents are added from its right end.
pub fn from_right<R>(ui: &mut Ui, height: f32, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), contents).inner
}

/// Fills the rest of a row that is filled from its right end, from the left.
pub fn rest<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    ui.with_layout(Layout::left_to_right(Align::Center), contents).inner
}

/// Shows the heading of a screen.
pub fn heading(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).heading());
    ui.add_space(GAP_SMALL);
}

/// Shows the title of a card or a section.
pub fn title(ui: &mut Ui, text: &str) -> Response {
    ui.label(RichText::new(text).size(TEXT_TITLE))
}

/// Shows text that is less important.
pub fn weak(ui: &mut Ui, text: impl Into<String>) -> Response {
    let color = palette(ui).weak;
    ui.label(RichText::new(text).color(color))
}

/// Shows trouble beside its sign, told at once to those who hear it.
pub fn problem(ui: &mut Ui, text: &str) {
    let p = palette(ui);
    let row = ui.horizontal_wrapped(|ui| {
        icons::tone(ui, Tone::Trouble);
        ui.label(RichText::new(text).color(p.trouble))
    });
    let label = row.inner;
    ui.ctx().accesskit_node_builder(label.id, |node| node.set_live(egui::accesskit::Live::Assertive));
}
