//! The Share screen: fields and buttons to share, and the list of shared files.

use egui::{Id, RichText, ScrollArea, Ui};

use crate::actions::{Action, ShareAction, WindowAction};
use crate::model::engine::{Snapshot, TransferState, TransferView};
use crate::state::{SharedCard, ViewState, rows};
use crate::widgets::tokens::{CONTROL, GAP, LINE, READABLE, TEXT_TITLE, palette};
use crate::widgets::{controls, once, progress, table};
use crate::words::{self, format};

/// Shows the Share screen.
pub fn show(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::heading(ui, words::SHARE);
    ScrollArea::vertical().id_salt("share").auto_shrink([false, false]).show(ui, |ui| {
        actions.extend(choose(ui, view));
        actions.extend(hashing(ui, snapshot));
        for card in &view.share.cards {
            actions.extend(ui.push_id(("card", card.link.file_id), |ui| new_card(ui, card)).inner);
        }
        ui.add_space(GAP);
        actions.extend(shared(ui, snapshot));
    });
    actions
}

fn choose(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::card(ui, |ui| {
        controls::weak(ui, words::SHARE_INTRO);
        controls::from_right(ui, CONTROL, |ui| {
            if controls::button(ui, words::CHOOSE_SHARED_FOLDER).clicked() {
                actions.push(Action::Share(ShareAction::PickFolder));
            }
            if controls::button(ui, words::CHOOSE_FILE).clicked() {
                actions.push(Action::Share(ShareAction::PickFile));
            }
            let clicked = controls::primary(ui, words::SHARE).clicked();
            let width = ui.available_width();
            let field = controls::field(ui, &view.share.path, words::SHARE_PATH, width);
            if once::take(ui, Id::unique("focus-path"), view.share.focus.newest()) {
                field.response.request_focus();
            }
            actions.extend(field.edited().map(|path| Action::Share(ShareAction::Type(path))));
            if clicked || field.submitted(ui) {
                actions.push(Action::Share(ShareAction::ShareTyped));
            }
        });
        if let Some(note) = view.share.note {
            controls::problem(ui, note);
        }
    });
    actions
}

fn hashing(ui: &mut Ui, snapshot: &Snapshot) -> Vec<Action> {
    let mut actions = Vec::new();
    for file in &snapshot.hashing {
        let name = rows::file_name(&file.path);
        controls::card(ui, |ui| {
            controls::from_right(ui, LINE, |ui| {
                if controls::small(ui, words::CANCEL, &words::cancel_share(&name)).clicked() {
                    actions.push(Action::Share(ShareAction::Cancel(file.path.clone())));
                }
                controls::rest(ui, |ui| table::name(ui, &name));
            });
            let waiting = palette(ui).waiting;
            progress::show(ui, format::fraction(file.done, Some(file.total), false), waiting);
            controls::weak(ui, words::hashing(file));
        });
    }
    actions
}

fn new_card(ui: &mut Ui, card: &SharedCard) -> Vec<Action> {
    let mut actions = Vec::new();
    let id = card.link.file_id.to_string();
    controls::card(ui, |ui| {
        controls::weak(ui, words::NEWLY_SHARED);
        table::elided(ui, &card.name, &egui::FontId::proportional(TEXT_TITLE));
        ui.add(egui::Label::new(RichText::new(&id).monospace()).selectable(true).truncate());
        ui.horizontal(|ui| {
            if controls::primary(ui, words::COPY_LINK).clicked() {
                actions.push(Action::Window(WindowAction::Copy(card.link.to_string(), words::LINK_COPIED)));
            }
            if controls::button(ui, words::COPY_ID).clicked() {
                actions.push(Action::Window(WindowAction::Copy(id.clone(), words::ID_COPIED)));
            }
            if controls::button(ui, words::SHOW_QR).clicked() {
                actions.push(Action::Share(ShareAction::ShowQr(card.name.clone(), card.link.clone())));
            }
        });
        controls::weak(ui, words::GIVE_LINK);
    });
    actions
}

/// Shows the list of shared files; only those on the screen are drawn.
fn shared(ui: &mut Ui, snapshot: &Snapshot) -> Vec<Action> {
    controls::title(ui, words::SHARED_FILES);
    let shared: Vec<_> = snapshot.transfers.iter().filter(|t| t.state == TransferState::Sharing).collect();
    if shared.is_empty() {
        controls::weak(ui, words::NOTHING_SHARED);
    }
    let mut actions = Vec::new();
    for transfer in shared {
        let place = egui::Rect::from_min_size(ui.cursor().min, egui::vec2(ui.available_width(), LINE));
        match ui.is_rect_visible(place) {
            true => actions.extend(ui.push_id(transfer.file_id, |ui| shared_row(ui, transfer)).inner),
            false => ui.add_space(LINE),
        }
    }
    actions
}

fn shared_row(ui: &mut Ui, transfer: &TransferView) -> Option<Action> {
    ui.scope(|ui| {
        ui.set_max_width(READABLE.min(ui.available_width()));
        let copy = controls::from_right(ui, LINE, |ui| {
            let name = words::copy_link_of(&transfer.name);
            let copy = controls::small(ui, words::COPY_LINK, &name).clicked();
            controls::weak(ui, words::shared_amounts(transfer.size, transfer.uploaded));
            controls::rest(ui, |ui| table::name(ui, &transfer.name));
            copy
        });
        copy.then(|| Action::Window(WindowAction::Copy(transfer.link.to_string(), words::LINK_COPIED)))
    })
    .inner
}
