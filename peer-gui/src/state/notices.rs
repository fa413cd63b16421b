//! News from the engine's side of the glass → what changes in the window.

use sprat_peer::{Command, Event, Snapshot};

use super::toasts::Mood;
use super::{Effect, Screen, SharedCard, ViewState, rows, update};
use crate::bridge::{LocalTracker, Notice, Picked};
use crate::text;

/// Takes in one piece of news. `now` is in seconds on the window's clock; the snapshot is missing while the engine
/// starts.
pub fn take(view: &mut ViewState, snapshot: Option<&Snapshot>, notice: Notice, now: f64) -> Vec<Effect> {
    match notice {
        Notice::Loaded { preferences, trackers } => {
            (view.preferences, view.trackers) = (*preferences, trackers);
            Vec::new()
        }
        Notice::LocalTracker(state) => local_tracker(view, state, now),
        Notice::Event(event) => {
            event_toast(view, snapshot, event, now);
            Vec::new()
        }
        Notice::PickedFile(picked) => picked_file(view, picked),
        Notice::PickedDownloadDir(picked) => match picked {
            Picked::Path(dir) => update::use_dir(view, dir),
            Picked::Nothing => Vec::new(),
            Picked::Unavailable => trouble(view, text::NO_DIALOG, now),
        },
        Notice::Trouble(said) => trouble(view, &said, now),
        // These are about the engine itself; the window's glue takes them before.
        Notice::Started(_) | Notice::Failed(_) => Vec::new(),
    }
}

fn trouble(view: &mut ViewState, said: &str, now: f64) -> Vec<Effect> {
    view.toasts.push(said, Mood::Trouble, now);
    Vec::new()
}

/// The engine uses the tracker on this computer as long as it runs.
fn local_tracker(view: &mut ViewState, state: LocalTracker, now: f64) -> Vec<Effect> {
    if let LocalTracker::Failed(reason) = &state {
        view.toasts.push(text::local_tracker_failed(reason), Mood::Trouble, now);
    }
    let before = view.effective_trackers();
    view.local_tracker = state;
    let after = view.effective_trackers();
    let changed = Some(after).filter(|after| *after != before);
    changed.map(|trackers| Effect::Engine(Command::SetTrackers(trackers))).into_iter().collect()
}

fn picked_file(view: &mut ViewState, picked: Picked) -> Vec<Effect> {
    match picked {
        Picked::Path(path) => vec![Effect::share(path)],
        Picked::Nothing => Vec::new(),
        Picked::Unavailable => {
            view.screen = Screen::Share;
            view.share_note = Some(text::NO_DIALOG);
            view.focus_share_field = true;
            Vec::new()
        }
    }
}

fn event_toast(view: &mut ViewState, snapshot: Option<&Snapshot>, event: Event, now: f64) {
    match event {
        Event::Shared { path, link } => {
            let name = rows::file_name(&path);
            view.toasts.push(text::shared(&name), Mood::Good, now);
            view.share_field.clear();
            view.add_card(SharedCard { name, link });
        }
        Event::ShareFailed { path, reason } => {
            view.toasts.push(text::share_failed(&path, &reason), Mood::Trouble, now);
        }
        Event::Completed { path, .. } => view.toasts.push(text::completed(&rows::file_name(&path)), Mood::Good, now),
        Event::Stopped { file_id, trouble } => {
            let name = snapshot.and_then(|snapshot| rows::transfer(snapshot, file_id)).map(|transfer| &transfer.name);
            let said = text::stopped(name.map(String::as_str), &trouble);
            view.toasts.push(said, Mood::Trouble, now);
        }
        Event::Moved { path, .. } => view.toasts.push(text::moved(&path), Mood::Good, now),
        Event::NotMoved { trouble, .. } => view.toasts.push(text::trouble_sentence(&trouble), Mood::Trouble, now),
        // Seen in the list already, or not worth a word.
        Event::Added(_) | Event::BadChunk { .. } | Event::Removed(_) | Event::TrackerChanged => {}
    }
}
