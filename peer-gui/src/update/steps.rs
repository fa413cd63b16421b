//! Steps that several actions have in common.

use sprat_protocol::Link;

use super::effect::Effect;
use crate::model::engine::Command;
use crate::state::toasts::Mood;
use crate::state::{Dialog, ViewState};

/// Has the engine forget the transfers that were removed and can no longer come back.
pub fn forget_removed(view: &mut ViewState, now: f64) -> Vec<Effect> {
    let remove = |file_id| Effect::Engine(Command::Remove { file_id, delete_data: false });
    view.removals.due(now).into_iter().map(remove).collect()
}

/// Opens a dialog in place of the one that may be open.
pub(super) fn open(view: &mut ViewState, dialog: Dialog) -> Vec<Effect> {
    view.open(dialog);
    Vec::new()
}

/// Copies a text, and says so. A link that is copied here is not offered when it is found on the clipboard.
pub(super) fn copy(view: &mut ViewState, copied: String, said: &'static str, now: f64) -> Vec<Effect> {
    if let Ok(link) = copied.parse::<Link>() {
        view.known_link = Some(link.file_id);
    }
    view.toasts.push(said, Mood::Good, now);
    vec![Effect::Copy(copied)]
}
