//! Actions on the selected transfers, or on all of them.

use std::path::Path;

use sprat_chunking::FileId;

use super::effect::Effect;
use super::steps::{copy, open};
use crate::actions::TransferAction;
use crate::model::engine::{Command, Snapshot, TransferView};
use crate::model::messages::Request;
use crate::model::typed;
use crate::state::toasts::SHOWN_FOR;
use crate::state::{Dialog, RowKey, ViewState, rows};
use crate::words;

/// Extensions of files that a system may run when it is to open them.
const PROGRAMS: [&str; 24] = [
    "app", "appimage", "bat", "cmd", "com", "command", "cpl", "desktop", "exe", "hta", "jar", "js", "jse", "lnk",
    "msi", "pif", "ps1", "reg", "scr", "sh", "url", "vbe", "vbs", "wsf",
];

pub(super) fn update(view: &mut ViewState, snapshot: &Snapshot, action: TransferAction, now: f64) -> Vec<Effect> {
    match action {
        TransferAction::TogglePause => toggle_pause(&selected(view, snapshot)),
        TransferAction::PauseAll => all(view, snapshot, |t| !rows::can_resume(&t.state), Command::Pause),
        TransferAction::ResumeAll => all(view, snapshot, |t| rows::can_resume(&t.state), Command::Resume),
        TransferAction::Remove => remove(view, snapshot, now),
        TransferAction::UndoRemove => undo_remove(view),
        TransferAction::AskDelete => ask_delete(view, snapshot),
        TransferAction::CopyLink => copy_all(view, snapshot, words::LINK_COPIED, now, |t| t.link.to_string()),
        TransferAction::CopyId => copy_all(view, snapshot, words::ID_COPIED, now, |t| t.file_id.to_string()),
        TransferAction::ShowQr => show_qr(view, snapshot),
        TransferAction::OpenFolder => ask_of_first(view, snapshot, reveal),
        TransferAction::OpenFile => ask_of_first(view, snapshot, open_or_reveal),
        TransferAction::Check => each(view, snapshot, |_| true, Command::Check),
        TransferAction::CancelWork => each(view, snapshot, |t| rows::is_at_work(&t.state), Command::CancelWork),
        TransferAction::ToggleSequential => toggle_sequential(&selected(view, snapshot)),
        TransferAction::AskMove => ask_move(view, snapshot),
        TransferAction::AskLimits => ask_limits(view, snapshot),
        TransferAction::AskPeer => ask_peer(view, snapshot),
        TransferAction::SetPriority(files, priority) => match view.shown_transfer() {
            Some(file_id) => vec![Effect::Engine(Command::SetPriorities { file_id, files, priority })],
            None => Vec::new(),
        },
    }
}

fn selected<'a>(view: &ViewState, snapshot: &'a Snapshot) -> Vec<&'a TransferView> {
    view.transfers.selected(snapshot).collect()
}

fn ids(transfers: &[&TransferView]) -> Vec<FileId> {
    transfers.iter().map(|transfer| transfer.file_id).collect()
}

/// Commands for each selected transfer that meets a condition.
fn each(
    view: &ViewState,
    snapshot: &Snapshot,
    is_for: impl Fn(&TransferView) -> bool,
    command: impl Fn(FileId) -> Command,
) -> Vec<Effect> {
    let of = selected(view, snapshot).into_iter().filter(|transfer| is_for(transfer));
    of.map(|transfer| Effect::Engine(command(transfer.file_id))).collect()
}

/// Commands for every visible transfer that meets a condition.
fn all(
    view: &ViewState,
    snapshot: &Snapshot,
    is_for: impl Fn(&TransferView) -> bool,
    command: impl Fn(FileId) -> Command,
) -> Vec<Effect> {
    let visible =
        snapshot.transfers.iter().filter(|transfer| !view.transfers.removals.hidden().contains(&transfer.file_id));
    visible.filter(|transfer| is_for(transfer)).map(|transfer| Effect::Engine(command(transfer.file_id))).collect()
}

/// Pauses the transfers that run, or resumes all of them if none runs.
fn toggle_pause(transfers: &[&TransferView]) -> Vec<Effect> {
    let running: Vec<_> = transfers.iter().filter(|transfer| !rows::can_resume(&transfer.state)).collect();
    match running.is_empty() {
        true => transfers.iter().map(|transfer| Effect::Engine(Command::Resume(transfer.file_id))).collect(),
        false => running.iter().map(|transfer| Effect::Engine(Command::Pause(transfer.file_id))).collect(),
    }
}

/// Removes the selected rows. Transfers stop at once, and are forgotten once it is too late to take that back.
fn remove(view: &mut ViewState, snapshot: &Snapshot, now: f64) -> Vec<Effect> {
    let reading = view.transfers.selection.keys().filter_map(|key| match key {
        RowKey::Hashing(path) => Some(Effect::Engine(Command::CancelShare(path.clone()))),
        RowKey::Transfer(_) => None,
    });
    let mut effects: Vec<Effect> = reading.collect();
    let transfers = selected(view, snapshot);
    effects.extend(transfers.iter().map(|transfer| Effect::Engine(Command::Pause(transfer.file_id))));
    let removed: Vec<_> = transfers.iter().map(|t| (t.file_id, !rows::can_resume(&t.state))).collect();
    view.transfers.selection.leave(&view.transfers.list);
    view.transfers.follow.ask();
    if removed.is_empty() {
        return effects;
    }
    view.share.cards.retain(|card| removed.iter().all(|(file_id, _)| card.link.file_id != *file_id));
    view.toasts.removed(words::removed(removed.len()), now);
    view.transfers.removals.add(removed, now);
    effects
}

fn undo_remove(view: &mut ViewState) -> Vec<Effect> {
    let back = view.transfers.removals.undo();
    // The removal before that one can still be taken back.
    view.toasts.taken_back();
    if let Some((count, until)) = view.transfers.removals.last() {
        view.toasts.removed(words::removed(count), until - SHOWN_FOR);
    }
    let ran = back.into_iter().filter(|(_, ran)| *ran);
    ran.map(|(file_id, _)| Effect::Engine(Command::Resume(file_id))).collect()
}

fn ask_delete(view: &mut ViewState, snapshot: &Snapshot) -> Vec<Effect> {
    let downloaded: Vec<_> = selected(view, snapshot).into_iter().filter(|transfer| transfer.is_download).collect();
    let what = match downloaded[..] {
        [] => return Vec::new(),
        [transfer] => words::quoted(&transfer.name),
        _ => words::transfers(downloaded.len()),
    };
    open(view, Dialog::Delete { files: ids(&downloaded), what })
}

fn copy_all(
    view: &mut ViewState,
    snapshot: &Snapshot,
    said: &'static str,
    now: f64,
    what: impl Fn(&TransferView) -> String,
) -> Vec<Effect> {
    let lines: Vec<_> = selected(view, snapshot).into_iter().map(what).collect();
    if lines.is_empty() { Vec::new() } else { copy(view, lines.join("\n"), said, now) }
}

fn show_qr(view: &mut ViewState, snapshot: &Snapshot) -> Vec<Effect> {
    let [transfer] = selected(view, snapshot)[..] else { return Vec::new() };
    open(view, Dialog::Qr { name: transfer.name.clone(), link: Box::new(transfer.link.clone()) })
}

fn ask_of_first(view: &ViewState, snapshot: &Snapshot, what: impl Fn(&TransferView) -> Request) -> Vec<Effect> {
    selected(view, snapshot).first().map(|transfer| Effect::Ask(what(transfer))).into_iter().collect()
}

/// Opens a file that cannot be a program, since a stranger may have shared it. Otherwise shows it in the file manager.
fn open_or_reveal(transfer: &TransferView) -> Request {
    let extension = transfer.path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let is_program = extension.is_some_and(|extension| PROGRAMS.contains(&&*extension));
    if is_program || !rows::is_complete(transfer) { reveal(transfer) } else { Request::Open(transfer.path.clone()) }
}

/// Shows a file in the file manager. A file that is not whole has not its name yet: its folder is opened.
fn reveal(transfer: &TransferView) -> Request {
    match transfer.path.parent() {
        Some(dir) if !rows::is_complete(transfer) => Request::Open(dir.to_owned()),
        _ => Request::Reveal(transfer.path.clone()),
    }
}

/// Fetches all incomplete transfers in order, or none of them if all are fetched so already.
fn toggle_sequential(transfers: &[&TransferView]) -> Vec<Effect> {
    let incomplete: Vec<_> = transfers.iter().filter(|transfer| !rows::is_complete(transfer)).collect();
    let sequential = incomplete.iter().any(|transfer| !transfer.sequential);
    let set = |file_id| Effect::Engine(Command::SetSequential { file_id, sequential });
    incomplete.into_iter().map(|transfer| set(transfer.file_id)).collect()
}

fn ask_move(view: &mut ViewState, snapshot: &Snapshot) -> Vec<Effect> {
    let downloaded: Vec<_> = selected(view, snapshot).into_iter().filter(|transfer| transfer.is_download).collect();
    let Some(first) = downloaded.first() else { return Vec::new() };
    let dir = first.path.parent().map(Path::display).map(|dir| dir.to_string()).unwrap_or_default();
    open(view, Dialog::Move { files: ids(&downloaded), dir })
}

fn ask_limits(view: &mut ViewState, snapshot: &Snapshot) -> Vec<Effect> {
    let files = ids(&selected(view, snapshot));
    if files.is_empty() {
        return Vec::new();
    }
    let detail = snapshot.detail.as_ref().filter(|detail| files == [detail.file_id]);
    let up = typed::limit_text(detail.and_then(|detail| detail.up_limit));
    let down = typed::limit_text(detail.and_then(|detail| detail.down_limit));
    open(view, Dialog::Limits { files, up, down, error: None })
}

fn ask_peer(view: &mut ViewState, snapshot: &Snapshot) -> Vec<Effect> {
    let [transfer] = selected(view, snapshot)[..] else { return Vec::new() };
    open(view, Dialog::AddPeer { file_id: transfer.file_id, addr: String::new(), error: None })
}
