//! A person's action → what changes in the window, and what is to be done outside of it.

use std::path::{Path, PathBuf};

use sprat_chunking::FileId;
use sprat_peer::{Command, Snapshot, TransferView};
use sprat_protocol::tracker::AccessToken;
use sprat_protocol::{Link, LinkError};
use url::Url;

use super::toasts::Mood;
use super::{Deleting, Effect, Preferences, Reach, RowKey, Screen, Step, ViewState, rows, trackers};
use crate::actions::Action;
use crate::bridge::Request;
use crate::text;

/// Longer texts than this are no link; it bounds what a paste can bring.
const MAX_PASTE: usize = 8 * 1024;

/// Carries out an action. `now` is in seconds on the window's clock.
pub fn update(view: &mut ViewState, snapshot: &Snapshot, action: Action, now: f64) -> Vec<Effect> {
    match action {
        Action::Show(screen) => show(view, snapshot, screen),
        Action::SubmitId => submit_id(view, now),
        Action::PasteId(pasted) => paste_id(view, &pasted, now),
        Action::PickShareFile => vec![Effect::Ask(Request::PickFile)],
        Action::Share(path) => vec![Effect::share(path)],
        Action::ShareTyped => share_typed(view),
        Action::Select(key) => select(view, key, false),
        Action::Move(step) => step_selection(view, snapshot, step),
        Action::Escape => escape(view),
        Action::TogglePause => toggle_pause(view, snapshot),
        Action::Remove => remove(view, snapshot, now),
        Action::CancelShare(path) => vec![Effect::Engine(Command::CancelShare(path))],
        Action::AskDelete => ask_delete(view, snapshot),
        Action::ConfirmDelete => confirm_delete(view, now),
        Action::CopyLink => {
            copy_of_selected(view, snapshot, text::LINK_COPIED, now, |transfer| transfer.link.to_string())
        }
        Action::CopyId => {
            copy_of_selected(view, snapshot, text::ID_COPIED, now, |transfer| transfer.file_id.to_string())
        }
        Action::Copy(copied, said) => copy(view, copied, said, now),
        Action::OpenFolder => open_folder(view, snapshot),
        Action::RetryTrackers => vec![Effect::Engine(Command::RetryTrackers)],
        Action::SetTheme(theme) => preferences(view, |preferences| preferences.theme = theme),
        Action::PickDownloadDir => vec![Effect::Ask(Request::PickDownloadDir)],
        Action::UseTypedDir => use_typed_dir(view),
        Action::AddTracker => add_tracker(view),
        Action::RemoveTracker(url) => set_trackers(view, |list| list.retain(|other| *other != url)),
        Action::EditToken(tracker) => edit_token(view, tracker),
        Action::UseToken => use_token(view, now),
        Action::ForgetToken => set_token(view, None, now),
        Action::RunTracker(run) => local_tracker(view, if run { Reach::ThisComputer } else { Reach::Off }),
        Action::ServeLan(lan) => local_tracker(view, if lan { Reach::Network } else { Reach::ThisComputer }),
        Action::DismissSetup => preferences(view, |preferences| preferences.setup_dismissed = true),
        Action::DismissToast(id) => {
            view.toasts.dismiss(id);
            Vec::new()
        }
        Action::Quit => vec![Effect::Quit],
    }
}

fn show(view: &mut ViewState, snapshot: &Snapshot, screen: Screen) -> Vec<Effect> {
    if screen == Screen::Settings && view.screen != screen {
        view.dir_field = snapshot.download_dir.display().to_string();
    }
    view.screen = screen;
    view.share_note = None;
    Vec::new()
}

fn submit_id(view: &mut ViewState, now: f64) -> Vec<Effect> {
    match view.id_field.parse::<Link>() {
        Ok(link) => {
            view.id_field.clear();
            view.id_error = None;
            let name = link.name.as_deref().map(sprat_protocol::FileName::clean);
            view.toasts.push(
                text::download_added(name.as_ref().map(sprat_protocol::FileName::as_str)),
                Mood::Good,
                now,
            );
            vec![Effect::download(link)]
        }
        Err(error) => {
            view.id_error = Some(id_error(&error));
            Vec::new()
        }
    }
}

/// The sentence for what is no link. Only an ID is asked for: whatever else is wrong with a link, its ID will do.
fn id_error(error: &LinkError) -> &'static str {
    match error {
        LinkError::FileId | LinkError::TooLong => text::BAD_ID,
        _ => text::DAMAGED_LINK,
    }
}

fn paste_id(view: &mut ViewState, pasted: &str, now: f64) -> Vec<Effect> {
    let pasted = pasted.trim();
    view.screen = Screen::Transfers;
    view.id_field = pasted[..pasted.floor_char_boundary(MAX_PASTE)].to_owned();
    submit_id(view, now)
}

fn share_typed(view: &mut ViewState) -> Vec<Effect> {
    let typed = typed_path(&view.share_field);
    view.share_note = None;
    typed.map(Effect::share).into_iter().collect()
}

/// The path that was typed or pasted: without the quotes or the `file://` that file managers add.
fn typed_path(field: &str) -> Option<PathBuf> {
    let text = field.trim();
    let text = text.strip_prefix(['"', '\'']).and_then(|text| text.strip_suffix(['"', '\''])).unwrap_or(text);
    let from_url = || Url::parse(text).ok().filter(|url| url.scheme() == "file")?.to_file_path().ok();
    from_url().or_else(|| Some(PathBuf::from(text)).filter(|path| !path.as_os_str().is_empty()))
}

fn select(view: &mut ViewState, key: RowKey, follow: bool) -> Vec<Effect> {
    view.selected = Some(key);
    view.follow_selection = follow;
    Vec::new()
}

fn step_selection(view: &mut ViewState, snapshot: &Snapshot, step: Step) -> Vec<Effect> {
    let keys: Vec<_> = rows::rows(snapshot).into_iter().map(|row| row.key).collect();
    match rows::stepped(&keys, view.selected.as_ref(), step) {
        Some(key) => select(view, key, true),
        None => Vec::new(),
    }
}

fn escape(view: &mut ViewState) -> Vec<Effect> {
    if view.deleting.take().is_none() {
        view.selected = None;
    }
    Vec::new()
}

/// The selected transfer, if one is selected and still there.
fn selected<'a>(view: &ViewState, snapshot: &'a Snapshot) -> Option<&'a TransferView> {
    match view.selected.as_ref()? {
        RowKey::Transfer(file_id) => rows::transfer(snapshot, *file_id).map(AsRef::as_ref),
        RowKey::Hashing(_) => None,
    }
}

fn toggle_pause(view: &ViewState, snapshot: &Snapshot) -> Vec<Effect> {
    let command = selected(view, snapshot).map(|transfer| match rows::can_resume(&transfer.state) {
        true => Command::Resume(transfer.file_id),
        false => Command::Pause(transfer.file_id),
    });
    command.map(Effect::Engine).into_iter().collect()
}

fn remove(view: &mut ViewState, snapshot: &Snapshot, now: f64) -> Vec<Effect> {
    let Some(key) = view.selected.clone() else { return Vec::new() };
    match key {
        RowKey::Hashing(path) => {
            select_neighbour(view, snapshot);
            vec![Effect::Engine(Command::CancelShare(path))]
        }
        RowKey::Transfer(file_id) => {
            select_neighbour(view, snapshot);
            forget(view, file_id, false, now)
        }
    }
}

/// The row below the selected one, else the one above: whoever removes many rows need not select each.
fn select_neighbour(view: &mut ViewState, snapshot: &Snapshot) {
    let keys: Vec<_> = rows::rows(snapshot).into_iter().map(|row| row.key).collect();
    let below = rows::stepped(&keys, view.selected.as_ref(), Step::Down);
    let above = rows::stepped(&keys, view.selected.as_ref(), Step::Up);
    let neighbour = [below, above].into_iter().flatten().find(|key| Some(key) != view.selected.as_ref());
    view.selected = neighbour;
    view.follow_selection = true;
}

fn forget(view: &mut ViewState, file_id: FileId, delete_data: bool, now: f64) -> Vec<Effect> {
    view.shared.retain(|card| card.link.file_id != file_id);
    view.toasts.push(if delete_data { text::DELETED } else { text::REMOVED }, Mood::Good, now);
    vec![Effect::Engine(Command::Remove { file_id, delete_data })]
}

fn ask_delete(view: &mut ViewState, snapshot: &Snapshot) -> Vec<Effect> {
    let downloaded = selected(view, snapshot).filter(|transfer| transfer.is_download);
    view.deleting =
        downloaded.map(|transfer| Deleting { file_id: transfer.file_id, name: transfer.name.clone(), fresh: true });
    Vec::new()
}

fn confirm_delete(view: &mut ViewState, now: f64) -> Vec<Effect> {
    let Some(deleting) = view.deleting.take() else { return Vec::new() };
    view.selected = None;
    forget(view, deleting.file_id, true, now)
}

fn copy_of_selected(
    view: &mut ViewState,
    snapshot: &Snapshot,
    said: &'static str,
    now: f64,
    what: impl FnOnce(&TransferView) -> String,
) -> Vec<Effect> {
    let copied = selected(view, snapshot).map(what);
    copied.map(|copied| copy(view, copied, said, now)).unwrap_or_default()
}

fn copy(view: &mut ViewState, copied: String, said: &'static str, now: f64) -> Vec<Effect> {
    view.toasts.push(said, Mood::Good, now);
    vec![Effect::Copy(copied)]
}

fn open_folder(view: &ViewState, snapshot: &Snapshot) -> Vec<Effect> {
    let dir = selected(view, snapshot).and_then(|transfer| transfer.path.parent()).map(Path::to_owned);
    dir.map(|dir| Effect::Ask(Request::OpenFolder(dir))).into_iter().collect()
}

fn preferences(view: &mut ViewState, change: impl FnOnce(&mut Preferences)) -> Vec<Effect> {
    change(&mut view.preferences);
    vec![Effect::save(&view.preferences)]
}

fn use_typed_dir(view: &mut ViewState) -> Vec<Effect> {
    typed_path(&view.dir_field).map(|dir| use_dir(view, dir)).unwrap_or_default()
}

/// Saves downloads in this folder from now on.
pub(super) fn use_dir(view: &mut ViewState, dir: PathBuf) -> Vec<Effect> {
    view.dir_field = dir.display().to_string();
    let mut effects = preferences(view, |preferences| preferences.download_dir = Some(dir.clone()));
    effects.push(Effect::Engine(Command::SetDownloadDir(dir)));
    effects
}

fn add_tracker(view: &mut ViewState) -> Vec<Effect> {
    let Some(url) = trackers::parse(&view.tracker_field) else {
        view.tracker_error = Some(text::BAD_TRACKER);
        return Vec::new();
    };
    if view.effective_trackers().contains(&url) {
        view.tracker_error = Some(text::TRACKER_KNOWN);
        return Vec::new();
    }
    view.tracker_field.clear();
    view.tracker_error = None;
    set_trackers(view, |list| list.push(url))
}

fn set_trackers(view: &mut ViewState, change: impl FnOnce(&mut Vec<Url>)) -> Vec<Effect> {
    change(&mut view.trackers);
    let trackers = view.trackers.clone();
    let mut effects = preferences(view, |preferences| preferences.trackers = trackers);
    effects.push(Effect::Engine(Command::SetTrackers(view.effective_trackers())));
    effects
}

fn edit_token(view: &mut ViewState, tracker: Option<Url>) -> Vec<Effect> {
    view.token_for = tracker;
    view.token_field.clear();
    view.token_error = None;
    Vec::new()
}

fn use_token(view: &mut ViewState, now: f64) -> Vec<Effect> {
    match view.token_field.trim().parse::<AccessToken>() {
        Ok(token) => set_token(view, Some(token), now),
        Err(_) => {
            view.token_error = Some(text::BAD_TOKEN);
            Vec::new()
        }
    }
}

fn set_token(view: &mut ViewState, token: Option<AccessToken>, now: f64) -> Vec<Effect> {
    let Some(tracker) = view.token_for.take() else { return Vec::new() };
    view.token_field.clear();
    view.token_error = None;
    view.toasts.push(if token.is_some() { text::TOKEN_KEPT } else { text::TOKEN_FORGOTTEN }, Mood::Good, now);
    let save = Request::SaveToken { tracker: tracker.clone(), token: token.clone() };
    vec![Effect::Ask(save), Effect::Engine(Command::SetToken { tracker, token })]
}

fn local_tracker(view: &mut ViewState, reach: Reach) -> Vec<Effect> {
    let mut effects = preferences(view, |preferences| preferences.local_tracker = reach);
    effects.push(Effect::Ask(Request::LocalTracker(reach)));
    effects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_path_loses_its_quotes_and_its_scheme() {
        let path = |text: &str| typed_path(text).map(|path| path.display().to_string());
        assert_eq!(path(" /a/b c.txt "), Some("/a/b c.txt".into()));
        assert_eq!(path("\"/a/b c.txt\""), Some("/a/b c.txt".into()));
        #[cfg(unix)]
        assert_eq!(path("file:///a/b%20c.txt"), Some("/a/b c.txt".into()));
        assert_eq!(path("   "), None);
    }

    #[test]
    fn a_damaged_link_is_told_from_what_is_no_id() {
        assert_eq!(id_error(&LinkError::FileId), text::BAD_ID);
        assert_eq!(id_error(&LinkError::Size("x".into())), text::DAMAGED_LINK);
    }
}
