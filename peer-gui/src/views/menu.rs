//! The menu of all actions on the selected transfers: the same after a right click as behind a button.

use egui::{Button, ScrollArea, Ui};

use crate::actions::{Action, TransferAction};
use crate::model::engine::Snapshot;
use crate::state::{ViewState, rows};
use crate::words;

/// Height of an entry, in points: all of them have room in the smallest window.
const ENTRY: f32 = 28.0;

/// Summary of the selected rows, which decides the actions that are possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Number of rows.
    pub rows: usize,
    /// Number of rows that are transfers.
    pub transfers: usize,
    /// True if any transfer runs.
    pub runs: bool,
    /// True if any transfer was downloaded, and can be moved and deleted.
    pub downloaded: bool,
    /// True if something is missing of any transfer.
    pub incomplete: bool,
    /// True if all incomplete transfers are fetched in order.
    pub sequential: bool,
    /// True if any transfer is being checked or moved.
    pub at_work: bool,
    /// Bytes of all transfers.
    pub size: u64,
}

impl Summary {
    /// Summary of the rows that are selected now.
    pub fn of(snapshot: &Snapshot, view: &ViewState) -> Self {
        let mut summary = Self { rows: view.transfers.selection.len(), sequential: true, ..Self::default() };
        for transfer in view.transfers.selected(snapshot) {
            let incomplete = !rows::is_complete(transfer);
            summary.transfers += 1;
            summary.runs |= !rows::can_resume(&transfer.state);
            summary.downloaded |= transfer.is_download;
            summary.incomplete |= incomplete;
            summary.sequential &= transfer.sequential || !incomplete;
            summary.at_work |= rows::is_at_work(&transfer.state);
            summary.size = summary.size.saturating_add(transfer.size.unwrap_or(0));
        }
        summary
    }
}

/// Shows the entries of the menu.
pub fn show(ui: &mut Ui, summary: &Summary) -> Option<Action> {
    (ui.spacing_mut().interact_size.y, ui.spacing_mut().item_spacing.y) = (ENTRY, 0.0);
    ui.spacing_mut().button_padding.y = 2.0;
    if summary.transfers == 0 {
        return item(ui, words::CANCEL, true).then_some(Action::Transfers(TransferAction::Remove));
    }
    let single = summary.transfers == 1;
    let pause = if summary.runs { words::PAUSE } else { words::RESUME };
    let sequential = if summary.sequential && summary.incomplete { words::NOT_SEQUENTIAL } else { words::SEQUENTIAL };
    let groups: [&[(&str, bool, Action)]; 4] = [
        &[
            (pause, true, Action::Transfers(TransferAction::TogglePause)),
            (words::CANCEL_WORK, summary.at_work, Action::Transfers(TransferAction::CancelWork)),
            (words::OPEN_FOLDER, single, Action::Transfers(TransferAction::OpenFolder)),
            (words::OPEN_FILE, single && !summary.incomplete, Action::Transfers(TransferAction::OpenFile)),
        ],
        &[
            (words::COPY_LINK, true, Action::Transfers(TransferAction::CopyLink)),
            (words::COPY_ID, true, Action::Transfers(TransferAction::CopyId)),
            (words::SHOW_QR, single, Action::Transfers(TransferAction::ShowQr)),
        ],
        &[
            (words::CHECK, !summary.at_work, Action::Transfers(TransferAction::Check)),
            (words::MOVE, summary.downloaded, Action::Transfers(TransferAction::AskMove)),
            (words::LIMITS, true, Action::Transfers(TransferAction::AskLimits)),
            (sequential, summary.incomplete, Action::Transfers(TransferAction::ToggleSequential)),
            (words::ADD_PEER, single && summary.incomplete, Action::Transfers(TransferAction::AskPeer)),
        ],
        &[
            (words::REMOVE, true, Action::Transfers(TransferAction::Remove)),
            (words::DELETE, summary.downloaded, Action::Transfers(TransferAction::AskDelete)),
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
