//! The input that no widget takes: keys, the clipboard, and files that are dropped.

use std::path::PathBuf;

use egui::{Event, InputState, Popup, Ui, ViewportCommand};
use sprat_protocol::Link;

use crate::actions::{Action, ListAction, shortcuts};
use crate::model::engine::Snapshot;
use crate::state::{Focus, ViewState, rows};
use crate::views;

/// Most frames between the question for the clipboard and its answer, which comes as a paste: eframe asks after the next frame.
const PEEK_FRAMES: u64 = 3;

/// Looks for a copied link when the window gets the focus. A link from elsewhere is offered once. The answer of the system comes as a
/// paste, and is taken here before any field or shortcut can take it.
pub(super) fn look_at_clipboard(ui: &Ui, snapshot: &Snapshot, view: &mut ViewState) {
    // Frames count, since one can be laid out twice.
    let frame = ui.ctx().cumulative_frame_nr();
    if let Some(asked) = view.adding.peeking.filter(|asked| *asked < frame) {
        if let Some(pasted) = ui.input_mut(take_paste) {
            view.adding.peeking = None;
            let link = pasted.parse::<Link>().ok();
            let is_new = |link: &Link| {
                view.adding.known != Some(link.file_id) && rows::transfer(snapshot, link.file_id).is_none()
            };
            if let Some(link) = link.filter(is_new) {
                view.adding.offer(link);
            }
        }
        view.adding.peeking.take_if(|_| frame >= asked + PEEK_FRAMES);
        ui.ctx().request_repaint();
    }
    let focused = ui.input(|input| input.focused);
    if focused && !view.window.focused && view.preferences.offer_links {
        view.adding.peeking = Some(frame);
        ui.ctx().send_viewport_cmd(ViewportCommand::RequestPaste);
        ui.ctx().request_repaint();
    }
    view.window.focused = focused;
}

/// Takes the text that was pasted out of the input.
fn take_paste(input: &mut InputState) -> Option<String> {
    let at = input.events.iter().position(|event| matches!(event, Event::Paste(_)))?;
    match input.events.remove(at) {
        Event::Paste(text) => Some(text),
        _ => None,
    }
}

/// Takes the keys that are shortcuts out of the input.
pub(super) fn keys(ui: &Ui, view: &mut ViewState) -> Vec<Action> {
    let focused = ui.memory(egui::Memory::focused);
    let on_row = view.transfers.selection.cursor().is_some_and(|key| focused == Some(views::list::row_id(key)));
    let focus = match focused {
        _ if view.dialogs.current.is_some() || Popup::is_any_open(ui.ctx()) => Focus::Dialog,
        _ if ui.ctx().text_edit_focused() => Focus::Field,
        Some(_) if !on_row => Focus::Widget,
        _ => Focus::Rows,
    };
    let labels = |state: &mut egui::text_selection::LabelSelectionState| state.has_selection();
    let selection = ui.ctx().with_plugin(labels).unwrap_or(false);
    let before = std::mem::replace(&mut view.window.keyboard, focus);
    let mut actions = ui.input_mut(|input| shortcuts(input, view.screen, focus, selection));
    // Escape has taken the focus from a field or a button by now, and that was all that it was for.
    actions.retain(|action| *action != Action::List(ListAction::Deselect) || before == Focus::Rows);
    actions
}

/// Files that are dropped on the window. While files are held above it, a hint is shown.
pub(super) fn dropped_files(ui: &Ui) -> impl Iterator<Item = PathBuf> + use<> {
    let (dropped, hovering) = ui.input(|input| {
        let paths = input.raw.dropped_files.iter().map(|file| file.path().to_owned());
        (paths.collect::<Vec<_>>(), !input.raw.hovered_files.is_empty())
    });
    if hovering {
        views::window::show_drop_hint(ui);
    }
    dropped.into_iter()
}
