//! The actions that can be done by name or by key.

use egui::{Key, KeyboardShortcut, Modifiers};

use super::action::Action;
use super::browse::BrowseAction;
use super::dialogs::DialogAction;
use super::list::ListAction;
use super::settings::{SettingsAction, Zoom};
use super::share::ShareAction;
use super::trackers::TrackerAction;
use super::transfers::TransferAction;
use super::window::WindowAction;
use crate::model::preferences::{Reach, ThemeChoice};
use crate::model::screen::{DetailTab, Screen};
use crate::state::{Pick, Step};
use crate::words;

/// Scope in which a binding counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every screen, also while a text field has the focus.
    Anywhere,
    /// Transfers screen, for the selected rows, while no other widget has the focus.
    Rows,
}

/// Action that can be done by name or by key.
pub struct Binding {
    /// Name in the palette; empty for a movement that only its key makes.
    pub name: &'static str,
    /// Key, if there is one.
    pub key: Option<KeyboardShortcut>,
    /// Scope in which the binding counts.
    pub scope: Scope,
    /// Action that is done.
    pub action: Action,
}

const fn anywhere(name: &'static str, key: Option<(Modifiers, Key)>, action: Action) -> Binding {
    Binding { name, key: shortcut(key), scope: Scope::Anywhere, action }
}

const fn rows(name: &'static str, key: Option<(Modifiers, Key)>, action: Action) -> Binding {
    Binding { name, key: shortcut(key), scope: Scope::Rows, action }
}

const fn shortcut(key: Option<(Modifiers, Key)>) -> Option<KeyboardShortcut> {
    match key {
        Some((modifiers, key)) => Some(KeyboardShortcut::new(modifiers, key)),
        None => None,
    }
}

const fn ctrl(key: Key) -> Option<(Modifiers, Key)> {
    Some((Modifiers::COMMAND, key))
}

const fn plain(key: Key) -> Option<(Modifiers, Key)> {
    Some((Modifiers::NONE, key))
}

const fn shift(key: Key) -> Option<(Modifiers, Key)> {
    Some((Modifiers::SHIFT, key))
}

/// All bindings. Keys with more modifiers come before the same key with fewer.
pub static BINDINGS: [Binding; 53] = [
    anywhere(
        words::SHARE_A_FOLDER,
        Some((Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::O)),
        Action::Share(ShareAction::PickFolder),
    ),
    anywhere(words::SHARE_A_FILE, ctrl(Key::O), Action::Share(ShareAction::PickFile)),
    anywhere(words::SEARCH_FILES, ctrl(Key::F), Action::Browse(BrowseAction::Focus)),
    anywhere(words::TRANSFERS, ctrl(Key::Num1), Action::Show(Screen::Transfers)),
    anywhere(words::BROWSE, ctrl(Key::Num2), Action::Show(Screen::Browse)),
    anywhere(words::SHARE, ctrl(Key::Num3), Action::Show(Screen::Share)),
    anywhere(words::PEERS, ctrl(Key::Num4), Action::Show(Screen::Peers)),
    anywhere(words::SETTINGS, ctrl(Key::Num5), Action::Show(Screen::Settings)),
    anywhere("", ctrl(Key::Comma), Action::Show(Screen::Settings)),
    anywhere("", ctrl(Key::K), Action::Dialog(DialogAction::Palette)),
    anywhere(words::SHORTCUTS, plain(Key::F1), Action::Dialog(DialogAction::Shortcuts)),
    anywhere(words::ZOOM_IN, ctrl(Key::Plus), Action::Settings(SettingsAction::Zoom(Zoom::In))),
    anywhere("", ctrl(Key::Equals), Action::Settings(SettingsAction::Zoom(Zoom::In))),
    anywhere(words::ZOOM_OUT, ctrl(Key::Minus), Action::Settings(SettingsAction::Zoom(Zoom::Out))),
    anywhere(words::ZOOM_RESET, ctrl(Key::Num0), Action::Settings(SettingsAction::Zoom(Zoom::Reset))),
    anywhere(words::PAUSE_ALL, None, Action::Transfers(TransferAction::PauseAll)),
    anywhere(words::RESUME_ALL, None, Action::Transfers(TransferAction::ResumeAll)),
    anywhere(words::UNDO_REMOVE, None, Action::Transfers(TransferAction::UndoRemove)),
    anywhere(words::RETRY_TRACKERS, None, Action::Trackers(TrackerAction::Retry)),
    anywhere(words::USE_SYSTEM_THEME, None, Action::Settings(SettingsAction::SetTheme(ThemeChoice::System))),
    anywhere(words::TO_LIGHT, None, Action::Settings(SettingsAction::SetTheme(ThemeChoice::Light))),
    anywhere(words::TO_DARK, None, Action::Settings(SettingsAction::SetTheme(ThemeChoice::Dark))),
    anywhere(words::RUN_TRACKER, None, Action::Trackers(TrackerAction::RunLocal(Reach::ThisComputer))),
    anywhere(words::STOP_TRACKER, None, Action::Trackers(TrackerAction::RunLocal(Reach::Off))),
    anywhere(words::SHOW_LOG, None, Action::Dialog(DialogAction::ShowLog)),
    anywhere(words::SHOW_LICENCES, None, Action::Dialog(DialogAction::Licences)),
    anywhere(words::QUIT, ctrl(Key::Q), Action::Window(WindowAction::Quit)),
    rows(words::SELECT_ALL, ctrl(Key::A), Action::List(ListAction::SelectAll)),
    rows("", shift(Key::ArrowUp), Action::List(ListAction::Move(Step::Up, Pick::UpTo))),
    rows("", shift(Key::ArrowDown), Action::List(ListAction::Move(Step::Down, Pick::UpTo))),
    rows("", shift(Key::Home), Action::List(ListAction::Move(Step::First, Pick::UpTo))),
    rows("", shift(Key::End), Action::List(ListAction::Move(Step::Last, Pick::UpTo))),
    rows("", plain(Key::ArrowUp), Action::List(ListAction::Move(Step::Up, Pick::Only))),
    rows("", plain(Key::ArrowDown), Action::List(ListAction::Move(Step::Down, Pick::Only))),
    rows("", plain(Key::Home), Action::List(ListAction::Move(Step::First, Pick::Only))),
    rows("", plain(Key::End), Action::List(ListAction::Move(Step::Last, Pick::Only))),
    rows("", plain(Key::Escape), Action::List(ListAction::Deselect)),
    rows(words::PAUSE_OR_RESUME, plain(Key::Space), Action::Transfers(TransferAction::TogglePause)),
    rows(words::OPEN_FOLDER, plain(Key::Enter), Action::Transfers(TransferAction::OpenFolder)),
    rows(words::OPEN_FILE, ctrl(Key::Enter), Action::Transfers(TransferAction::OpenFile)),
    rows(words::DELETE, shift(Key::Delete), Action::Transfers(TransferAction::AskDelete)),
    rows(words::REMOVE, plain(Key::Delete), Action::Transfers(TransferAction::Remove)),
    // Ctrl+C comes as an event of its own.
    rows(words::COPY_LINK, ctrl(Key::C), Action::Transfers(TransferAction::CopyLink)),
    rows(words::COPY_ID, None, Action::Transfers(TransferAction::CopyId)),
    rows(words::SHOW_QR, None, Action::Transfers(TransferAction::ShowQr)),
    rows(words::CHECK, None, Action::Transfers(TransferAction::Check)),
    rows(words::CANCEL_WORK, None, Action::Transfers(TransferAction::CancelWork)),
    rows(words::MOVE, None, Action::Transfers(TransferAction::AskMove)),
    rows(words::SEQUENTIAL, None, Action::Transfers(TransferAction::ToggleSequential)),
    rows(words::LIMITS, None, Action::Transfers(TransferAction::AskLimits)),
    rows(words::ADD_PEER, None, Action::Transfers(TransferAction::AskPeer)),
    rows(words::TAB_OVERVIEW, None, Action::List(ListAction::ShowTab(DetailTab::Overview))),
    rows(words::TAB_LOG, None, Action::List(ListAction::ShowTab(DetailTab::Log))),
];

/// Finds the bindings whose names have all these words, as indices into [`BINDINGS`]. `selected` is true if there are
/// rows for [`Scope::Rows`].
pub fn palette(words: &str, selected: bool) -> Vec<usize> {
    let words = words.to_lowercase();
    let named = |binding: &Binding| !binding.name.is_empty() && (selected || binding.scope == Scope::Anywhere);
    let has_all = |binding: &Binding| {
        let name = binding.name.to_lowercase();
        words.split_whitespace().all(|word| name.contains(word))
    };
    let fitting = BINDINGS.iter().enumerate().filter(|(_, binding)| named(binding) && has_all(binding));
    fitting.map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_palette_finds_by_words_in_any_order_and_case() {
        let found = |words, selected| -> Vec<_> {
            palette(words, selected).into_iter().map(|at| &BINDINGS[at].action).collect()
        };
        assert_eq!(found("folder SHARE", false), [&Action::Share(ShareAction::PickFolder)]);
        assert_eq!(found("check again", false), [&Action::Transfers(TransferAction::Check); 0]);
        assert_eq!(found("check again", true), [&Action::Transfers(TransferAction::Check)]);
        assert!(found("", true).len() > found("", false).len());
    }
}
