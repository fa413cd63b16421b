//! News from the engine's side → changes of the window's state, and effects outside of it.

use sprat_chunking::FileId;

use super::effect::Effect;
use super::settings;
use crate::model::engine::{Command, Event, Snapshot, TransferState};
use crate::model::messages::{LocalTracker, Notice, Picked, Request};
use crate::model::screen::Screen;
use crate::model::typed;
use crate::state::toasts::Mood;
use crate::state::{Dialog, SharedCard, TrackerTest, ViewState, rows};
use crate::words;

/// Time after a notification in which there is no other, in seconds.
const QUIET_FOR: f64 = 5.0;

/// Takes in a notice. `now` is in seconds on the window's clock; the snapshot is missing while the engine starts.
pub fn take(view: &mut ViewState, snapshot: Option<&Snapshot>, notice: Notice, now: f64) -> Vec<Effect> {
    match notice {
        Notice::Loaded { preferences, trackers } => {
            (view.preferences, view.trackers.in_use) = (*preferences, trackers);
            view.settings.load_preferences(&view.preferences);
            Vec::new()
        }
        Notice::LocalTracker(state) => local_tracker(view, state, now),
        Notice::Opened(link) => {
            view.adding.offer(*link);
            Vec::new()
        }
        Notice::Event(event) => happened(view, snapshot, event, now),
        Notice::PickedFile(picked) => picked_to_share(view, picked),
        Notice::PickedDownloadDir(picked) => match picked {
            Picked::Path(dir) => settings::use_dir(view, dir),
            Picked::Nothing => Vec::new(),
            Picked::Unavailable => trouble(view, words::NO_DIALOG, now),
        },
        Notice::PickedMoveDir(picked) => match (picked, &mut view.dialogs.current) {
            (Picked::Path(picked), Some(Dialog::Move { dir, .. })) => {
                *dir = picked.display().to_string();
                Vec::new()
            }
            (Picked::Unavailable, _) => trouble(view, words::NO_DIALOG, now),
            _ => Vec::new(),
        },
        Notice::SearchAnswered { words, page, answer } => {
            view.browse.answered(&words, page, answer);
            Vec::new()
        }
        Notice::TrackerTested { tracker, silent } => {
            if !view.trackers.tests.contains_key(&tracker) {
                return Vec::new();
            }
            let test = silent.map_or(TrackerTest::Answers, TrackerTest::Silent);
            view.trackers.tests.insert(tracker, test);
            Vec::new()
        }
        Notice::Log(lines) => {
            view.dialogs.open(Dialog::Log(lines));
            Vec::new()
        }
        Notice::Links(registered) => {
            view.settings.links_registered = registered;
            Vec::new()
        }
        Notice::Done(said) => {
            view.toasts.push(said, Mood::Good, now);
            Vec::new()
        }
        Notice::Trouble(said) => trouble(view, &said, now),
        // These are about the engine itself; the window's glue takes them before.
        Notice::Started(_) | Notice::Failed(_) => Vec::new(),
    }
}

fn trouble(view: &mut ViewState, said: &str, now: f64) -> Vec<Effect> {
    view.toasts.push(said, Mood::Trouble, now);
    Vec::new()
}

/// Takes in the state of the tracker on this computer, which the engine uses as long as it runs.
fn local_tracker(view: &mut ViewState, state: LocalTracker, now: f64) -> Vec<Effect> {
    if let LocalTracker::Failed(reason) = &state {
        view.toasts.push(words::local_tracker_failed(reason), Mood::Trouble, now);
    }
    let before = view.trackers.all();
    view.trackers.local = state;
    let after = view.trackers.all();
    let changed = Some(after).filter(|after| *after != before);
    changed.map(|trackers| Effect::Engine(Command::SetTrackers(trackers))).into_iter().collect()
}

fn picked_to_share(view: &mut ViewState, picked: Picked) -> Vec<Effect> {
    match picked {
        Picked::Path(path) => vec![Effect::share(path)],
        Picked::Nothing => Vec::new(),
        Picked::Unavailable => {
            view.screen = Screen::Share;
            view.share.note = Some(words::NO_DIALOG);
            view.share.focus.ask();
            Vec::new()
        }
    }
}

/// Takes in an event of the engine: it goes into the transfer's log, and important ones are told at once.
fn happened(view: &mut ViewState, snapshot: Option<&Snapshot>, event: Event, now: f64) -> Vec<Effect> {
    if let Some((file_id, line)) = log_line(&event) {
        view.transfers.journal.note(file_id, view.window.unix_time(now), line);
    }
    match event {
        Event::Shared { path, link } => {
            let name = rows::file_name(&path);
            view.toasts.shared(&name, now);
            if typed::path(&view.share.path).as_deref() == Some(&*path) {
                view.share.path.clear();
            }
            view.adding.known = Some(link.file_id);
            view.transfers.removals.keep(link.file_id);
            view.share.add_card(SharedCard { name, link });
            Vec::new()
        }
        Event::ShareFailed { path, reason } => trouble(view, &words::share_failed(&path, &reason), now),
        Event::Completed { path, .. } => {
            let name = rows::file_name(&path);
            view.toasts.completed(&name, now);
            notify(view, words::COMPLETED_TITLE, words::completed(&name), now)
        }
        Event::Stopped { file_id, trouble } => {
            let name = snapshot.and_then(|snapshot| rows::transfer(snapshot, file_id)).map(|transfer| &transfer.name);
            let said = words::stopped(name.map(String::as_str), &trouble);
            view.toasts.push(&said, Mood::Trouble, now);
            notify(view, words::STOPPED_TITLE, said, now)
        }
        Event::Moved { path, .. } => {
            view.toasts.push(words::moved(&path), Mood::Good, now);
            Vec::new()
        }
        Event::NotMoved { trouble: reason, .. } => trouble(view, &words::trouble_sentence(&reason), now),
        Event::Removed(file_id) => {
            view.transfers.journal.forget(file_id);
            Vec::new()
        }
        // Somebody wants what was just removed.
        Event::Added(file_id) => {
            let resume = view.transfers.removals.keep(file_id).then_some(Effect::Engine(Command::Resume(file_id)));
            resume.into_iter().collect()
        }
        // Seen in the list already, or not worth a word.
        Event::BadChunk { .. } | Event::TrackerChanged => Vec::new(),
    }
}

fn log_line(event: &Event) -> Option<(FileId, String)> {
    match event {
        Event::Added(file_id) => Some((*file_id, words::LOG_ADDED.to_owned())),
        Event::Shared { link, .. } => Some((link.file_id, words::LOG_SHARED.to_owned())),
        Event::Completed { file_id, path } => Some((*file_id, words::log_completed(path))),
        Event::Stopped { file_id, trouble } => Some((*file_id, words::trouble_sentence(trouble))),
        Event::BadChunk { file_id, index, peer_id } => Some((*file_id, words::bad_chunk(*index, &peer_id.short()))),
        Event::Moved { file_id, path } => Some((*file_id, words::moved(path))),
        Event::NotMoved { file_id, trouble } => Some((*file_id, words::trouble_sentence(trouble))),
        Event::Removed(_) | Event::ShareFailed { .. } | Event::TrackerChanged => None,
    }
}

/// Shows a notification of the system, if the window is not in front and the user wants that. Of many events at once
/// the first is told.
fn notify(view: &mut ViewState, title: &'static str, body: String, now: f64) -> Vec<Effect> {
    let wanted = view.preferences.notifications && !view.window.focused && now >= view.window.quiet_until;
    if wanted {
        view.window.quiet_until = now + QUIET_FOR;
    }
    wanted.then_some(Effect::Ask(Request::Notify { title, body })).into_iter().collect()
}

/// Compares a snapshot with the one before, for the logs and the plots.
pub fn compare(view: &mut ViewState, before: Option<&Snapshot>, after: &Snapshot, now: f64) {
    view.transfers.speeds.note(after, now);
    view.transfers.removals.settle(after);
    let Some(before) = before else { return view.settings.load(&view.preferences, after) };
    let at = view.window.unix_time(now);
    // Transfers keep their places but for those that were removed.
    let mut old = before.transfers.iter().peekable();
    for transfer in &after.transfers {
        while old.peek().is_some_and(|old| old.file_id != transfer.file_id) {
            old.next();
        }
        let Some(old) = old.next() else { return };
        let is_told = matches!(transfer.state, TransferState::Stopped(_));
        if !std::sync::Arc::ptr_eq(old, transfer) && old.state != transfer.state && !is_told {
            view.transfers.journal.note(transfer.file_id, at, words::state_sentence(&transfer.state));
        }
    }
}
