//! What is on the screen: one file a screen, each a function of the snapshot and the window's state that returns what
//! the person did. No I/O, no locks, no engine.
//!
//! - [`frame`]: a whole frame: keys, screens, and what comes of them. This is what the window and the tests call.
//! - [`sidebar`], [`status_bar`], [`banner`]: around every screen.
//! - [`transfers`] with [`list`], [`details`], [`swarm`], [`files`], [`menu`] and [`setup`]; [`browse`]; [`share`];
//!   [`peers`]; [`settings`] with [`tracker_settings`]: the screens.
//! - [`dialogs`]: on top of everything. [`start`]: before the engine runs, and if it does not.

pub mod banner;
pub mod browse;
pub mod details;
pub mod dialogs;
pub mod files;
pub mod list;
pub mod menu;
pub mod peers;
pub mod settings;
pub mod setup;
pub mod share;
pub mod sidebar;
pub mod start;
pub mod status_bar;
pub mod swarm;
pub mod tracker_settings;
pub mod transfers;

use std::path::PathBuf;

use egui::{CentralPanel, Event, InputState, Popup, Ui, ViewportCommand};
use sprat_peer::{Command, Snapshot};
use sprat_protocol::Link;

use crate::actions::{Action, Focus, shortcuts};
use crate::state::update::update;
use crate::state::{Effect, Phase, Screen, Seen, ViewState, rows};
use crate::text;
use crate::widgets::theme::screen_frame;
use crate::widgets::tokens::palette;
use crate::widgets::{theme, toast};

/// Draws a frame, and carries out in the window's state what the person did. What is left to do outside is returned.
pub fn frame(ui: &mut Ui, phase: &Phase, view: &mut ViewState) -> Vec<Effect> {
    let now = ui.input(|input| input.time);
    theme::choose(ui.ctx(), view.preferences.theme, view.preferences.zoom);
    if let Some(seconds) = view.toasts.expire(now) {
        ui.ctx().request_repaint_after_secs(seconds as f32);
    }
    let Phase::Running(seen) = phase else { return before_the_engine(ui, phase, view) };
    if let Some(seconds) = view.removals.next(now) {
        ui.ctx().request_repaint_after_secs(seconds as f32);
    }
    look_at_clipboard(ui, &seen.snapshot, view);
    dialogs::give_back_focus(ui, view);
    if view.list.refresh(&seen.snapshot, view.filter, view.preferences.sort, view.removals.hidden()) {
        view.selection.keep_listed(&view.list);
    }
    let mut actions = keys(ui, view);
    actions.extend(view.dropped.drain(..).map(Action::Share));
    actions.extend(dropped_files(ui).map(Action::Share));
    actions.extend(window(ui, seen, view, now));
    actions.extend(toast::show(ui.ctx(), &view.toasts));
    actions.extend(dialogs::show(ui, view));
    if !actions.is_empty() {
        ui.ctx().request_repaint();
    }
    let mut effects: Vec<Effect> =
        actions.into_iter().flat_map(|action| update(view, &seen.snapshot, action, now)).collect();
    effects.extend(watch(view));
    effects
}

/// Asks the engine for the detail of what is on the screen, and of nothing else.
fn watch(view: &mut ViewState) -> Option<Effect> {
    let shown = view.shown_transfer();
    if view.watched == shown {
        return None;
    }
    view.watched = shown;
    Some(Effect::Engine(Command::Watch(shown)))
}

/// How many frames it takes at most until the clipboard that was asked for comes as a paste: eframe asks after the next one.
const PEEK_FRAMES: u64 = 3;

/// When the window gets the focus, looks whether a link was copied elsewhere: it is offered once, and never one's own. What was
/// asked for comes as a paste, and is taken here before any field or shortcut can.
fn look_at_clipboard(ui: &Ui, snapshot: &Snapshot, view: &mut ViewState) {
    // Frames count, since one can be laid out twice.
    let frame = ui.ctx().cumulative_frame_nr();
    if let Some(asked) = view.peeking.filter(|asked| *asked < frame) {
        if let Some(pasted) = ui.input_mut(take_paste) {
            view.peeking = None;
            let link = pasted.parse::<Link>().ok();
            let is_new =
                |link: &Link| view.known_link != Some(link.file_id) && rows::transfer(snapshot, link.file_id).is_none();
            if let Some(link) = link.filter(is_new) {
                view.offer(link);
            }
        }
        view.peeking.take_if(|_| frame >= asked + PEEK_FRAMES);
        ui.ctx().request_repaint();
    }
    let focused = ui.input(|input| input.focused);
    if focused && !view.focused && view.preferences.offer_links {
        view.peeking = Some(frame);
        ui.ctx().send_viewport_cmd(ViewportCommand::RequestPaste);
        ui.ctx().request_repaint();
    }
    view.focused = focused;
}

/// The text that was pasted, taken out of the input.
fn take_paste(input: &mut InputState) -> Option<String> {
    let at = input.events.iter().position(|event| matches!(event, Event::Paste(_)))?;
    match input.events.remove(at) {
        Event::Paste(text) => Some(text),
        _ => None,
    }
}

fn before_the_engine(ui: &mut Ui, phase: &Phase, view: &mut ViewState) -> Vec<Effect> {
    // What is dropped before the engine is there is shared as soon as it is.
    view.dropped.extend(dropped_files(ui));
    let actions = start::show(ui, phase);
    for action in toast::show(ui.ctx(), &view.toasts) {
        if let Action::DismissToast(id) = action {
            view.toasts.dismiss(id);
        }
    }
    actions.into_iter().filter(|action| *action == Action::Quit).map(|_| Effect::Quit).collect()
}

fn window(ui: &mut Ui, seen: &Seen, view: &mut ViewState, now: f64) -> Vec<Action> {
    let snapshot: &Snapshot = &seen.snapshot;
    let mut actions = sidebar::show(ui, snapshot, view);
    status_bar::show(ui, snapshot, view.removals.hidden());
    actions.extend(banner::show(ui, seen, now));
    actions.extend(banner::offer(ui, view));
    let background = palette(ui).background;
    let screen = CentralPanel::no_frame().frame(screen_frame(background)).show(ui, |ui| match view.screen {
        Screen::Transfers => transfers::show(ui, snapshot, view, now),
        Screen::Browse => browse::show(ui, snapshot, view),
        Screen::Share => share::show(ui, snapshot, view),
        Screen::Peers => {
            view.people.refresh(&seen.snapshot);
            peers::show(ui, view)
        }
        Screen::Settings => settings::show(ui, snapshot, view),
    });
    actions.extend(screen.inner);
    actions
}

fn keys(ui: &Ui, view: &mut ViewState) -> Vec<Action> {
    let focused = ui.memory(egui::Memory::focused);
    let on_row = view.selection.cursor().is_some_and(|key| focused == Some(list::row_id(key)));
    let focus = match focused {
        _ if view.dialog.is_some() || Popup::is_any_open(ui.ctx()) => Focus::Dialog,
        _ if ui.ctx().text_edit_focused() => Focus::Field,
        Some(_) if !on_row => Focus::Widget,
        _ => Focus::Rows,
    };
    let labels = |state: &mut egui::text_selection::LabelSelectionState| state.has_selection();
    let selection = ui.ctx().with_plugin(labels).unwrap_or(false);
    let before = std::mem::replace(&mut view.keyboard, focus);
    let mut actions = ui.input_mut(|input| shortcuts(input, view.screen, focus, selection));
    // Escape has taken the focus from a field or a button by now, and that was all that it was for.
    actions.retain(|action| *action != Action::Escape || before == Focus::Rows);
    actions
}

fn dropped_files(ui: &Ui) -> impl Iterator<Item = PathBuf> + use<> {
    let (dropped, hovering) = ui.input(|input| {
        let paths = input.raw.dropped_files.iter().map(|file| file.path().to_owned());
        (paths.collect::<Vec<_>>(), !input.raw.hovered_files.is_empty())
    });
    if hovering {
        drop_hint(ui);
    }
    dropped.into_iter()
}

/// Over everything, while a file is held above the window.
fn drop_hint(ui: &Ui) {
    let p = palette(ui);
    let layer = egui::LayerId::new(egui::Order::Tooltip, egui::Id::unique("drop-hint"));
    let painter = ui.ctx().layer_painter(layer);
    let rect = ui.ctx().content_rect();
    painter.rect_filled(rect, 0, p.background.gamma_multiply(0.85));
    let inner = rect.shrink(24.0);
    painter.rect_stroke(inner, 8, egui::Stroke::new(2.0, p.accent), egui::StrokeKind::Inside);
    let font = egui::FontId::proportional(22.0);
    painter.text(inner.center(), egui::Align2::CENTER_CENTER, text::DROP_TO_SHARE, font, p.text);
}
