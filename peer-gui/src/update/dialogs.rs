//! Actions that open and answer dialogs.

use sprat_chunking::FileId;
use sprat_protocol::PeerAddr;

use super::effect::Effect;
use super::steps::open;
use crate::actions::{DialogAction, DialogField};
use crate::model::engine::Command;
use crate::model::messages::Request;
use crate::model::typed;
use crate::state::toasts::Mood;
use crate::state::{Dialog, ViewState};
use crate::words;

pub(super) fn update(view: &mut ViewState, action: DialogAction, now: f64) -> Vec<Effect> {
    match action {
        DialogAction::Palette => open(view, Dialog::Palette { words: String::new(), marked: 0 }),
        DialogAction::Mark(row) => {
            if let Some(Dialog::Palette { marked, .. }) = &mut view.dialogs.current {
                *marked = row;
            }
            Vec::new()
        }
        DialogAction::Type(field, typed) => {
            if let Some(text) = view.dialogs.current.as_mut().and_then(|dialog| field_of(dialog, field)) {
                *text = typed;
            }
            Vec::new()
        }
        DialogAction::Shortcuts => open(view, Dialog::Shortcuts),
        DialogAction::Licences => open(view, Dialog::Licences),
        DialogAction::ShowLog => vec![Effect::Ask(Request::ReadLog)],
        DialogAction::SaveLog => vec![Effect::Ask(Request::SaveLog)],
        DialogAction::ConfirmDelete => confirm_delete(view, now),
        DialogAction::PickMoveDir => vec![Effect::Ask(Request::PickMoveDir)],
        DialogAction::ConfirmMove => confirm_move(view),
        DialogAction::ConfirmLimits => confirm_limits(view),
        DialogAction::ConfirmPeer => confirm_peer(view),
        DialogAction::Close => {
            view.dialogs.close();
            Vec::new()
        }
    }
}

/// Text of a field of this dialog, if the dialog has such a field.
fn field_of(dialog: &mut Dialog, field: DialogField) -> Option<&mut String> {
    match (dialog, field) {
        (Dialog::Move { dir, .. }, DialogField::Dir) => Some(dir),
        (Dialog::Limits { up, .. }, DialogField::Up) => Some(up),
        (Dialog::Limits { down, .. }, DialogField::Down) => Some(down),
        (Dialog::AddPeer { addr, .. }, DialogField::Addr) => Some(addr),
        (Dialog::Palette { words, .. }, DialogField::Words) => Some(words),
        _ => None,
    }
}

fn confirm_delete(view: &mut ViewState, now: f64) -> Vec<Effect> {
    let Some(Dialog::Delete { files, .. }) = view.dialogs.current.take() else { return Vec::new() };
    view.transfers.selection.leave(&view.transfers.list);
    view.share.cards.retain(|card| !files.contains(&card.link.file_id));
    view.toasts.push(words::deleted(files.len()), Mood::Good, now);
    let remove = |file_id| Effect::Engine(Command::Remove { file_id, delete_data: true });
    files.into_iter().map(remove).collect()
}

fn confirm_move(view: &mut ViewState) -> Vec<Effect> {
    let Some(Dialog::Move { files, dir }) = &view.dialogs.current else { return Vec::new() };
    let Some(dir) = typed::path(dir) else { return Vec::new() };
    let effects = files.iter().map(|file_id| Effect::Engine(Command::Move { file_id: *file_id, dir: dir.clone() }));
    let effects = effects.collect();
    view.dialogs.close();
    effects
}

fn confirm_limits(view: &mut ViewState) -> Vec<Effect> {
    let Some(Dialog::Limits { files, up, down, error }) = &mut view.dialogs.current else { return Vec::new() };
    let (Ok(up), Ok(down)) = (typed::parse_limit(up), typed::parse_limit(down)) else {
        *error = Some(words::BAD_LIMIT);
        return Vec::new();
    };
    let set = |file_id: &FileId| Effect::Engine(Command::SetTransferRates { file_id: *file_id, up, down });
    let effects = files.iter().map(set).collect();
    view.dialogs.close();
    effects
}

fn confirm_peer(view: &mut ViewState) -> Vec<Effect> {
    let Some(Dialog::AddPeer { file_id, addr, error }) = &mut view.dialogs.current else { return Vec::new() };
    let Ok(addr) = addr.trim().parse::<PeerAddr>() else {
        *error = Some(words::BAD_PEER);
        return Vec::new();
    };
    let add = Effect::Engine(Command::AddPeer { file_id: *file_id, addr });
    view.dialogs.close();
    vec![add]
}
