//! The dialogs on top of everything else.

use egui::{Id, Key, Label, RichText, ScrollArea, Ui};
use sprat_protocol::Link;

use crate::actions::{self, Action, BINDINGS, Binding, DialogAction, DialogField, Scope};
use crate::state::{Dialog, ViewState};
use crate::widgets::controls::Field;
use crate::widgets::dialog::{self, Answer};
use crate::widgets::tokens::{CONTROL, GAP_LARGE, LINE, palette};
use crate::widgets::{controls, once, qr, table};
use crate::words;
use crate::words::licences::LICENCES;

/// Most entries of the palette that are shown at a time.
const PALETTE_ROWS: usize = 12;
/// Side of a QR code, in points.
const QR: f32 = 320.0;
/// Width of a page of text, in points.
const PAGE: f32 = 640.0;

/// Gives the focus back to the widget that had it before a dialog was opened, once that is closed, unless another
/// widget has asked for it.
pub fn give_back_focus(ui: &Ui, view: &ViewState) {
    if view.dialogs.current.is_some() {
        return;
    }
    if ui.memory(egui::Memory::top_modal_layer).is_some() {
        // Nothing below a dialog can have the focus in the frame after it.
        return ui.ctx().request_repaint();
    }
    let before = ui.data_mut(|data| data.remove_temp::<Option<Id>>(focus_before())).flatten();
    if let Some(before) = before.filter(|_| ui.memory(egui::Memory::focused).is_none()) {
        ui.memory_mut(|memory| memory.request_focus(before));
    }
}

fn focus_before() -> Id {
    Id::unique("focus-before-dialog")
}

/// Shows the dialog that is open, if one is.
pub fn show(ui: &Ui, view: &ViewState) -> Vec<Action> {
    let Some(dialog) = &view.dialogs.current else { return Vec::new() };
    let fresh = once::take(ui, Id::unique("focus-dialog"), view.dialogs.focus.newest());
    if fresh {
        // A dialog that is opened by another one leads back to where that came from.
        let focused = ui.memory(egui::Memory::focused);
        ui.data_mut(|data| *data.get_temp_mut_or_insert_with(focus_before(), || focused));
    }
    match dialog {
        Dialog::Delete { files, what } => {
            let question = words::delete_question(what, files.len());
            let answer = dialog::confirm(ui.ctx(), words::DELETE_TITLE, &question, words::DELETE_CONFIRM, fresh);
            answered(answer, DialogAction::ConfirmDelete)
        }
        Dialog::Move { dir, .. } => move_form(ui, dir, fresh),
        Dialog::Limits { up, down, error, .. } => limits_form(ui, up, down, *error, fresh),
        Dialog::AddPeer { addr, error, .. } => peer_form(ui, addr, *error, fresh),
        Dialog::Palette { words, marked } => {
            palette_page(ui, words, *marked, !view.transfers.selection.is_empty(), fresh)
        }
        Dialog::Qr { name, link } => page(ui, words::QR_TITLE, None, fresh, |ui| qr_code(ui, name, link)),
        Dialog::Shortcuts => page(ui, words::SHORTCUTS, None, fresh, shortcuts),
        Dialog::Licences => page(ui, words::SHOW_LICENCES, None, fresh, |ui| {
            controls::weak(ui, words::LICENCE_OF_SPRAT);
            lines(ui, &LICENCES.lines().collect::<Vec<_>>(), false);
        }),
        Dialog::Log(log) => page(ui, words::SHOW_LOG, Some((words::SAVE_LOG, DialogAction::SaveLog)), fresh, |ui| {
            if log.is_empty() {
                controls::weak(ui, words::LOG_EMPTY);
            }
            lines(ui, &log.iter().map(String::as_str).collect::<Vec<_>>(), true);
        }),
    }
}

fn answered(answer: Answer, confirmed: DialogAction) -> Vec<Action> {
    match answer {
        Answer::Open => Vec::new(),
        Answer::Cancel => vec![Action::Dialog(DialogAction::Close)],
        Answer::Confirm => vec![Action::Dialog(confirmed)],
    }
}

fn typed(field: &Field, of: DialogField) -> Option<Action> {
    field.edited().map(|text| Action::Dialog(DialogAction::Type(of, text)))
}

/// Gives a field the focus when its dialog is new. Returns whether Enter was pressed in the field.
fn first_field(field: &Field, fresh: bool, ui: &Ui) -> bool {
    if fresh {
        field.response.request_focus();
    }
    field.submitted(ui)
}

fn move_form(ui: &Ui, dir: &str, fresh: bool) -> Vec<Action> {
    let mut actions = Vec::new();
    let answer = dialog::form(ui.ctx(), words::MOVE_TITLE, words::MOVE_CONFIRM, |ui| {
        controls::weak(ui, words::MOVE_HINT);
        controls::from_right(ui, CONTROL, |ui| {
            let picks = controls::button(ui, words::CHOOSE_FOLDER).clicked();
            actions.extend(picks.then_some(Action::Dialog(DialogAction::PickMoveDir)));
            let width = ui.available_width();
            let field = controls::field(ui, dir, words::MOVE_FIELD, width);
            actions.extend(typed(&field, DialogField::Dir));
            first_field(&field, fresh, ui)
        })
    });
    actions.extend(answered(answer, DialogAction::ConfirmMove));
    actions
}

fn limits_form(ui: &Ui, up: &str, down: &str, error: Option<&str>, fresh: bool) -> Vec<Action> {
    let mut actions = Vec::new();
    let answer = dialog::form(ui.ctx(), words::LIMITS_TITLE, words::USE_LIMITS, |ui| {
        controls::weak(ui, words::UP_LIMIT_FIELD);
        let first = controls::named_field(ui, up, words::UP_LIMIT_FIELD, f32::INFINITY);
        let submitted = first_field(&first, fresh, ui);
        controls::weak(ui, words::DOWN_LIMIT_FIELD);
        let second = controls::named_field(ui, down, words::DOWN_LIMIT_FIELD, f32::INFINITY);
        error.iter().for_each(|error| controls::problem(ui, error));
        actions.extend(typed(&first, DialogField::Up));
        actions.extend(typed(&second, DialogField::Down));
        submitted || second.submitted(ui)
    });
    actions.extend(answered(answer, DialogAction::ConfirmLimits));
    actions
}

fn peer_form(ui: &Ui, addr: &str, error: Option<&str>, fresh: bool) -> Vec<Action> {
    let mut actions = Vec::new();
    let answer = dialog::form(ui.ctx(), words::ADD_PEER_TITLE, words::ADD, |ui| {
        controls::weak(ui, words::ADD_PEER_HINT);
        let width = ui.available_width();
        let field = controls::field(ui, addr, words::PEER_FIELD, width);
        actions.extend(typed(&field, DialogField::Addr));
        let submitted = first_field(&field, fresh, ui);
        error.iter().for_each(|error| controls::problem(ui, error));
        submitted
    });
    actions.extend(answered(answer, DialogAction::ConfirmPeer));
    actions
}

fn qr_code(ui: &mut Ui, name: &str, link: &Link) {
    let font = egui::TextStyle::Body.resolve(ui.style());
    table::elided(ui, name, &font);
    let link = link.to_string();
    ui.vertical_centered(|ui| {
        if !qr::show(ui, &link, QR.min(ui.ctx().content_rect().height() - 200.0)) {
            controls::problem(ui, words::QR_TOO_LONG);
        }
    });
    ui.add(Label::new(RichText::new(&link).small()).truncate().selectable(true));
}

/// Shows a page to read, and a button to close it.
fn page(
    ui: &Ui,
    title: &str,
    other: Option<(&str, DialogAction)>,
    fresh: bool,
    contents: impl FnOnce(&mut Ui),
) -> Vec<Action> {
    let mut actions = Vec::new();
    let closed = dialog::page(ui.ctx(), title, PAGE, |ui| {
        contents(ui);
        controls::from_right(ui, CONTROL, |ui| {
            let close = controls::primary(ui, words::CLOSE);
            if fresh {
                close.request_focus();
            }
            if close.clicked() {
                actions.push(Action::Dialog(DialogAction::Close));
            }
            if let Some((name, action)) = other
                && controls::button(ui, name).clicked()
            {
                actions.push(Action::Dialog(action));
            }
        });
    });
    if closed && actions.is_empty() {
        actions.push(Action::Dialog(DialogAction::Close));
    }
    actions
}

/// Shows many lines, of which only those on the screen are drawn.
fn lines(ui: &mut Ui, lines: &[&str], from_end: bool) {
    let height = ui.text_style_height(&egui::TextStyle::Monospace);
    let most = (ui.ctx().content_rect().height() - 260.0).max(80.0);
    let scroll = ScrollArea::both().max_height(most).auto_shrink([false, true]).stick_to_bottom(from_end);
    scroll.show_rows(ui, height, lines.len(), |ui, range| {
        for line in &lines[range] {
            ui.add(Label::new(RichText::new(*line).monospace()).extend().selectable(true));
        }
    });
}

fn shortcuts(ui: &mut Ui) {
    let most = (ui.ctx().content_rect().height() - 220.0).max(80.0);
    ScrollArea::vertical().max_height(most).auto_shrink([false, true]).show(ui, |ui| {
        egui::Grid::new("shortcuts").num_columns(2).min_row_height(LINE).spacing([GAP_LARGE, 0.0]).show(ui, |ui| {
            let row = |ui: &mut Ui, name: &str, key: &str| {
                ui.label(name);
                ui.label(RichText::new(key).monospace());
                ui.end_row();
            };
            for (scope, heading) in [(Scope::Anywhere, words::ANYWHERE), (Scope::Rows, words::IN_THE_LIST)] {
                controls::weak(ui, heading);
                ui.end_row();
                for binding in BINDINGS.iter().filter(|binding| binding.scope == scope && !binding.name.is_empty()) {
                    if let Some(key) = binding.key {
                        row(ui, binding.name, &ui.ctx().format_shortcut(&key));
                    }
                }
                let others = if scope == Scope::Anywhere { &words::OTHER_KEYS[..] } else { &words::LIST_KEYS[..] };
                others.iter().for_each(|(name, key)| row(ui, name, key));
            }
        });
    });
}

/// Shows the palette: every action that has a name, searched by words, done by Enter.
fn palette_page(ui: &Ui, words: &str, marked: usize, selected: bool, fresh: bool) -> Vec<Action> {
    let (mut actions, mut run) = (Vec::new(), None);
    let (up, down) = ui.input_mut(|input| {
        let mut pressed = |key| input.consume_key(egui::Modifiers::NONE, key);
        (pressed(Key::ArrowUp), pressed(Key::ArrowDown))
    });
    let closed = dialog::page(ui.ctx(), words::PALETTE_TITLE, 480.0, |ui| {
        let width = ui.available_width();
        let field = controls::field(ui, words, words::PALETTE_FIELD, width);
        let submitted = first_field(&field, fresh, ui);
        let found = actions::palette(&field.text, selected);
        let last = found.len().saturating_sub(1);
        let before = if field.edited().is_some() { 0 } else { marked };
        let marks = match (up, down) {
            (true, _) => before.saturating_sub(1),
            (_, true) => (before + 1).min(last),
            _ => before.min(last),
        };
        actions.extend(typed(&field, DialogField::Words));
        actions.extend((marks != marked).then_some(Action::Dialog(DialogAction::Mark(marks))));
        if found.is_empty() {
            controls::weak(ui, words::PALETTE_NOTHING);
        }
        let first = marks.saturating_sub(PALETTE_ROWS - 1);
        for (at, binding) in found.iter().enumerate().skip(first).take(PALETTE_ROWS) {
            if palette_row(ui, &BINDINGS[*binding], at == marks) {
                run = Some(*binding);
            }
        }
        if submitted {
            run = run.or(found.get(marks).copied());
        }
    });
    match run {
        Some(binding) => actions.push(Action::Run(binding)),
        None if closed => actions.push(Action::Dialog(DialogAction::Close)),
        None => {}
    }
    actions
}

fn palette_row(ui: &mut Ui, binding: &Binding, marked: bool) -> bool {
    let key = binding.key.map(|key| ui.ctx().format_shortcut(&key)).unwrap_or_default();
    let color = palette(ui).weak;
    let button = egui::Button::selectable(marked, binding.name)
        .right_text(RichText::new(key).color(color))
        .min_size(egui::vec2(ui.available_width(), 28.0));
    ui.add(button).accessible_name(binding.name).clicked()
}
