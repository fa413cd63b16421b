//! Everything that can be done with the selected transfers: the same by a click with the other button as by a button.

use egui::{Button, ScrollArea, Ui};

use crate::actions::{Action, TransferAction};
use crate::model::engine::Snapshot;
use crate::state::{ViewState, rows};
use crate::words;

/// Height of an entry: all of them have room in the smallest window.
const ENTRY: f32 = 28.0;

/// What is selected, as far as it says what can be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// How many rows.
    pub rows: usize,
    /// How many of them are transfers.
    pub transfers: usize,
    /// Whether any runs.
    pub runs: bool,
    /// Whether any was downloaded, and can be moved and deleted.
    pub downloaded: bool,
    /// Whether something is missing of any.
    pub incomplete: bool,
    /// Whether all that are incomplete are fetched in order.
    pub sequential: bool,
    /// Whether any is being checked or moved.
    pub at_work: bool,
    /// Bytes in all.
    pub size: u64,
}

impl Chosen {
    /// What is selected now.
    pub fn of(snapshot: &Snapshot, view: &ViewState) -> Self {
        let mut chosen = Self { rows: view.transfers.selection.len(), sequential: true, ..Self::default() };
        for transfer in view.transfers.selected(snapshot) {
            let incomplete = !rows::is_complete(transfer);
            chosen.transfers += 1;
            chosen.runs |= !rows::can_resume(&transfer.state);
            chosen.downloaded |= transfer.is_download;
            chosen.incomplete |= incomplete;
            chosen.sequential &= transfer.sequential || !incomplete;
            chosen.at_work |= rows::is_at_work(&transfer.state);
            chosen.size = chosen.size.saturating_add(transfer.size.unwrap_or(0));
        }
        chosen
    }
}

/// Shows it as the contents of a menu.
pub fn show(ui: &mut Ui, chosen: &Chosen) -> Option<Action> {
    (ui.spacing_mut().interact_size.y, ui.spacing_mut().item_spacing.y) = (ENTRY, 0.0);
    ui.spacing_mut().button_padding.y = 2.0;
    if chosen.transfers == 0 {
        return item(ui, words::CANCEL, true).then_some(Action::Transfers(TransferAction::Remove));
    }
    let single = chosen.transfers == 1;
    let pause = if chosen.runs { words::PAUSE } else { words::RESUME };
    let sequential = if chosen.sequential && chosen.incomplete { words::NOT_SEQUENTIAL } else { words::SEQUENTIAL };
    let groups: [&[(&str, bool, Action)]; 4] = [
        &[
            (pause, true, Action::Transfers(TransferAction::TogglePause)),
            (words::CANCEL_WORK, chosen.at_work, Action::Transfers(TransferAction::CancelWork)),
            (words::OPEN_FOLDER, single, Action::Transfers(TransferAction::OpenFolder)),
            (words::OPEN_FILE, single && !chosen.incomplete, Action::Transfers(TransferAction::OpenFile)),
        ],
        &[
            (words::COPY_LINK, true, Action::Transfers(TransferAction::CopyLink)),
            (words::COPY_ID, true, Action::Transfers(TransferAction::CopyId)),
            (words::SHOW_QR, single, Action::Transfers(TransferAction::ShowQr)),
        ],
        &[
            (words::CHECK, !chosen.at_work, Action::Transfers(TransferAction::Check)),
            (words::MOVE, chosen.downloaded, Action::Transfers(TransferAction::AskMove)),
            (words::LIMITS, true, Action::Transfers(TransferAction::AskLimits)),
            (sequential, chosen.incomplete, Action::Transfers(TransferAction::ToggleSequential)),
            (words::ADD_PEER, single && chosen.incomplete, Action::Transfers(TransferAction::AskPeer)),
        ],
        &[
            (words::REMOVE, true, Action::Transfers(TransferAction::Remove)),
            (words::DELETE, chosen.downloaded, Action::Transfers(TransferAction::AskDelete)),
        ],
    ];
    let mut done = None;
    let most = (ui.ctx().content_rect().height() - ENTRY).max(3.0 * ENTRY);
    ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
        for (n, group) in groups.into_iter().enumerate() {
            if n > 0 {
                ui.separator();
            }
            // There is mostly nothing to stop: that entry is there when there is.
            for (name, can, action) in
                group.iter().filter(|(_, can, action)| *can || *action != Action::Transfers(TransferAction::CancelWork))
            {
                if item(ui, name, *can) {
                    done = Some(action.clone());
                }
            }
        }
    });
    if done.is_some() {
        ui.close();
    }
    done
}

fn item(ui: &mut Ui, name: &str, can: bool) -> bool {
    ui.add_enabled(can, Button::new(name).min_size(egui::vec2(180.0, 0.0))).clicked()
}
