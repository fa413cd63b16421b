//! Steps that several actions have in common.

use sprat_protocol::{FileName, Link};

use super::effect::Effect;
use crate::model::engine::Command;
use crate::model::preferences::Preferences;
use crate::state::toasts::Mood;
use crate::state::{Dialog, ViewState};
use crate::words;

/// Has the engine forget the transfers that were removed and can no longer come back.
pub fn forget_removed(view: &mut ViewState, now: f64) -> Vec<Effect> {
    let remove = |file_id| Effect::Engine(Command::Remove { file_id, delete_data: false });
    view.transfers.removals.due(now).into_iter().map(remove).collect()
}

/// Opens a dialog in place of the one that may be open.
pub(super) fn open(view: &mut ViewState, dialog: Dialog) -> Vec<Effect> {
    view.dialogs.open(dialog);
    Vec::new()
}

/// Copies a text, and says so. A link that is copied here is not offered when it is found on the clipboard.
pub(super) fn copy(view: &mut ViewState, copied: String, said: &'static str, now: f64) -> Vec<Effect> {
    if let Ok(link) = copied.parse::<Link>() {
        view.adding.known = Some(link.file_id);
    }
    view.toasts.push(said, Mood::Good, now);
    vec![Effect::Copy(copied)]
}

/// Changes the preferences, and keeps them for the next run.
pub(super) fn change_preferences(view: &mut ViewState, change: impl FnOnce(&mut Preferences)) -> Vec<Effect> {
    change(&mut view.preferences);
    vec![Effect::save(&view.preferences)]
}

/// Downloads a file into the download folder, and says so.
pub(super) fn get(view: &mut ViewState, link: Link, now: f64) -> Vec<Effect> {
    let name = link.name.as_deref().map(FileName::clean);
    view.toasts.push(words::download_added(name.as_ref().map(FileName::as_str)), Mood::Good, now);
    view.adding.known = Some(link.file_id);
    view.adding.offers.retain(|offer| offer.file_id != link.file_id);
    // A transfer that was just removed was paused by that.
    let resume = view.transfers.removals.keep(link.file_id).then_some(Effect::Engine(Command::Resume(link.file_id)));
    std::iter::once(Effect::download(link)).chain(resume).collect()
}
