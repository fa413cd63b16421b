//! Everything that a person can do: one enum, and one table of what has a name in the palette and a key.

use std::path::PathBuf;

use egui::{Event, InputState, Key, KeyboardShortcut, Modifiers};
use sprat_peer::Priority;
use sprat_protocol::Link;
use url::Url;

use crate::state::{Column, DetailTab, Filter, Pick, Reach, RowKey, Screen, Step, ThemeChoice};
use crate::text;

/// One thing that a person asks for. Those about transfers mean all that are selected.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Go to a screen.
    Show(Screen),
    /// Download what is in the field for IDs.
    SubmitId,
    /// Text was pasted outside of any field.
    PasteId(String),
    /// Download what the clipboard had when the window got the focus.
    AcceptOffer,
    /// Do not.
    DeclineOffer,
    /// Download what was found.
    Get(Link),
    /// Choose a file to share.
    PickShareFile,
    /// Choose a folder to share.
    PickShareFolder,
    /// Share this file or folder.
    Share(PathBuf),
    /// Share what is at the path in the field.
    ShareTyped,
    /// Stop reading this file.
    CancelShare(PathBuf),
    /// Select a row, add it to the selection, or all up to it.
    Select(RowKey, Pick),
    /// Move the selection, or stretch it.
    Move(Step, Pick),
    /// Select every row.
    SelectAll,
    /// Close the pane of what is selected.
    Escape,
    /// Show these transfers only.
    SetFilter(Filter),
    /// Sort by this column; by the one that is sorted by already, in the other direction.
    SortBy(Column),
    /// Show this column, or hide it.
    ToggleColumn(Column),
    /// Make this column so wide, in points; it is kept when the mouse lets go.
    SetWidth {
        /// Which.
        column: Column,
        /// How wide.
        width: u16,
        /// Whether to keep it.
        keep: bool,
    },
    /// Show this side of the selected transfer.
    ShowTab(DetailTab),
    /// Pause what runs of the selection, or go on if nothing does.
    TogglePause,
    /// Pause everything.
    PauseAll,
    /// Go on with everything.
    ResumeAll,
    /// Remove from the list. A file that is being read is not shared.
    Remove,
    /// Take the last removal back.
    UndoRemove,
    /// Ask whether to delete what was downloaded.
    AskDelete,
    /// Delete it: the answer to that question.
    ConfirmDelete,
    /// Copy the links.
    CopyLink,
    /// Copy the file IDs.
    CopyId,
    /// Copy this text, and say so in these words.
    Copy(String, &'static str),
    /// Show the link as a QR code.
    ShowQr,
    /// Show this link as a QR code.
    ShowQrOf(String, Link),
    /// Show what is selected in the file manager.
    OpenFolder,
    /// Open it with the program that is for such files.
    OpenFile,
    /// Read all of it again, and fetch what is wrong.
    Check,
    /// End the checking or moving that is under way.
    CancelWork,
    /// Fetch in the order of the file, or no longer.
    ToggleSequential,
    /// Ask where to move to.
    AskMove,
    /// Choose a folder to move to.
    PickMoveDir,
    /// Move there.
    ConfirmMove,
    /// Ask for the limits of the selection.
    AskLimits,
    /// Use them.
    ConfirmLimits,
    /// Ask for the address of a peer.
    AskPeer,
    /// Try that peer too.
    ConfirmPeer,
    /// Fetch these files of the selected folder first, or not at all.
    SetPriority(Vec<u32>, Priority),
    /// Search the trackers for the words in the field.
    Search,
    /// Show more of what they found.
    SearchMore,
    /// Go to the field for words.
    FocusSearch,
    /// Ask trackers that are away again now.
    RetryTrackers,
    /// Look like this from now on.
    SetTheme(ThemeChoice),
    /// Larger, smaller, or as it was.
    Zoom(Zoom),
    /// Tell when a transfer ends, or not.
    SetNotifications(bool),
    /// Offer links that were copied elsewhere, or not.
    SetOfferLinks(bool),
    /// Choose the download folder.
    PickDownloadDir,
    /// Use the folder in the field from now on.
    UseTypedDir,
    /// Use the name in the field from now on.
    UseName,
    /// Use the limits and the number of downloads in the fields from now on.
    UseLimits,
    /// Listen on the port in the field from the next start on.
    UsePort,
    /// Add the tracker in the field.
    AddTracker,
    /// Ask whether a tracker answers there.
    TestTracker(Url),
    /// Use this tracker no more.
    RemoveTracker(Url),
    /// Ask for this tracker's token, or no longer.
    EditToken(Option<Url>),
    /// Use the token in the field from now on.
    UseToken,
    /// Use no token for the tracker that is asked about.
    ForgetToken,
    /// Run a tracker here for these, or none.
    RunTracker(Reach),
    /// Open `sprat:` links with this program, or no longer.
    RegisterLinks(bool),
    /// The first start's card is done with.
    FinishSetup,
    /// Show everything that can be done, to be searched.
    Palette,
    /// Do what is marked in it.
    PaletteRun(usize),
    /// Show the keys.
    Shortcuts,
    /// Show the licences.
    Licences,
    /// Show the log.
    ShowLog,
    /// Write the log to a file.
    SaveLog,
    /// Close the dialog that is open.
    CloseDialog,
    /// A toast was read.
    DismissToast(u64),
    /// Close the window.
    Quit,
}

/// A step of the zoom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoom {
    /// Larger.
    In,
    /// Smaller.
    Out,
    /// As it comes.
    Reset,
}

/// Where an entry of the table counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On every screen, also while a text field has the focus.
    Anywhere,
    /// On the transfers' screen, for what is selected there, while no other widget has the focus.
    Rows,
}

/// Something that can be done by name or by key.
pub struct Entry {
    /// What it is called; nothing if it is a movement that only its key makes.
    pub name: &'static str,
    /// The key, if it has one.
    pub key: Option<KeyboardShortcut>,
    /// Where it counts.
    pub place: Place,
    /// What it does.
    pub action: Action,
}

const fn anywhere(name: &'static str, key: Option<(Modifiers, Key)>, action: Action) -> Entry {
    Entry { name, key: shortcut(key), place: Place::Anywhere, action }
}

const fn rows(name: &'static str, key: Option<(Modifiers, Key)>, action: Action) -> Entry {
    Entry { name, key: shortcut(key), place: Place::Rows, action }
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

/// What can be done by name or by key. Keys with more modifiers come before the same key with fewer.
pub static TABLE: [Entry; 53] = [
    anywhere(text::SHARE_A_FOLDER, Some((Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::O)), Action::PickShareFolder),
    anywhere(text::SHARE_A_FILE, ctrl(Key::O), Action::PickShareFile),
    anywhere(text::SEARCH_FILES, ctrl(Key::F), Action::FocusSearch),
    anywhere(text::TRANSFERS, ctrl(Key::Num1), Action::Show(Screen::Transfers)),
    anywhere(text::BROWSE, ctrl(Key::Num2), Action::Show(Screen::Browse)),
    anywhere(text::SHARE, ctrl(Key::Num3), Action::Show(Screen::Share)),
    anywhere(text::PEERS, ctrl(Key::Num4), Action::Show(Screen::Peers)),
    anywhere(text::SETTINGS, ctrl(Key::Num5), Action::Show(Screen::Settings)),
    anywhere("", ctrl(Key::Comma), Action::Show(Screen::Settings)),
    anywhere("", ctrl(Key::K), Action::Palette),
    anywhere(text::SHORTCUTS, plain(Key::F1), Action::Shortcuts),
    anywhere(text::ZOOM_IN, ctrl(Key::Plus), Action::Zoom(Zoom::In)),
    anywhere("", ctrl(Key::Equals), Action::Zoom(Zoom::In)),
    anywhere(text::ZOOM_OUT, ctrl(Key::Minus), Action::Zoom(Zoom::Out)),
    anywhere(text::ZOOM_RESET, ctrl(Key::Num0), Action::Zoom(Zoom::Reset)),
    anywhere(text::PAUSE_ALL, None, Action::PauseAll),
    anywhere(text::RESUME_ALL, None, Action::ResumeAll),
    anywhere(text::UNDO_REMOVE, None, Action::UndoRemove),
    anywhere(text::RETRY_TRACKERS, None, Action::RetryTrackers),
    anywhere(text::USE_SYSTEM_THEME, None, Action::SetTheme(ThemeChoice::System)),
    anywhere(text::TO_LIGHT, None, Action::SetTheme(ThemeChoice::Light)),
    anywhere(text::TO_DARK, None, Action::SetTheme(ThemeChoice::Dark)),
    anywhere(text::RUN_TRACKER, None, Action::RunTracker(Reach::ThisComputer)),
    anywhere(text::STOP_TRACKER, None, Action::RunTracker(Reach::Off)),
    anywhere(text::SHOW_LOG, None, Action::ShowLog),
    anywhere(text::SHOW_LICENCES, None, Action::Licences),
    anywhere(text::QUIT, ctrl(Key::Q), Action::Quit),
    rows(text::SELECT_ALL, ctrl(Key::A), Action::SelectAll),
    rows("", shift(Key::ArrowUp), Action::Move(Step::Up, Pick::UpTo)),
    rows("", shift(Key::ArrowDown), Action::Move(Step::Down, Pick::UpTo)),
    rows("", shift(Key::Home), Action::Move(Step::First, Pick::UpTo)),
    rows("", shift(Key::End), Action::Move(Step::Last, Pick::UpTo)),
    rows("", plain(Key::ArrowUp), Action::Move(Step::Up, Pick::Only)),
    rows("", plain(Key::ArrowDown), Action::Move(Step::Down, Pick::Only)),
    rows("", plain(Key::Home), Action::Move(Step::First, Pick::Only)),
    rows("", plain(Key::End), Action::Move(Step::Last, Pick::Only)),
    rows("", plain(Key::Escape), Action::Escape),
    rows(text::PAUSE_OR_RESUME, plain(Key::Space), Action::TogglePause),
    rows(text::OPEN_FOLDER, plain(Key::Enter), Action::OpenFolder),
    rows(text::OPEN_FILE, ctrl(Key::Enter), Action::OpenFile),
    rows(text::DELETE, shift(Key::Delete), Action::AskDelete),
    rows(text::REMOVE, plain(Key::Delete), Action::Remove),
    // Ctrl+C comes as an event of its own.
    rows(text::COPY_LINK, ctrl(Key::C), Action::CopyLink),
    rows(text::COPY_ID, None, Action::CopyId),
    rows(text::SHOW_QR, None, Action::ShowQr),
    rows(text::CHECK, None, Action::Check),
    rows(text::CANCEL_WORK, None, Action::CancelWork),
    rows(text::MOVE, None, Action::AskMove),
    rows(text::SEQUENTIAL, None, Action::ToggleSequential),
    rows(text::LIMITS, None, Action::AskLimits),
    rows(text::ADD_PEER, None, Action::AskPeer),
    rows(text::TAB_OVERVIEW, None, Action::ShowTab(DetailTab::Overview)),
    rows(text::TAB_LOG, None, Action::ShowTab(DetailTab::Log)),
];

/// Where the keyboard's focus is, as far as shortcuts care.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// In a text field: every key belongs to it but those that count anywhere.
    Field,
    /// On a row of the list, or nowhere: rows take the keys.
    #[default]
    Rows,
    /// On another widget: it takes Space, Enter and the arrows.
    Widget,
    /// A dialog or a menu is open: nothing but its answer.
    Dialog,
}

/// Takes the keys that are shortcuts out of the input, and says what they mean.
pub fn shortcuts(input: &mut InputState, screen: Screen, focus: Focus, text_is_selected: bool) -> Vec<Action> {
    if focus == Focus::Dialog {
        return Vec::new();
    }
    let in_rows = focus == Focus::Rows && screen == Screen::Transfers;
    let counts = |place| place == Place::Anywhere || in_rows;
    let mut actions = Vec::new();
    for entry in TABLE.iter().filter(|entry| counts(entry.place)) {
        if entry.key.is_some_and(|key| pressed(input, &key, &entry.action)) {
            actions.push(entry.action.clone());
        }
    }
    if focus == Focus::Field {
        return actions;
    }
    input.events.retain(|event| match event {
        Event::Paste(text) => {
            actions.push(Action::PasteId(text.clone()));
            false
        }
        Event::Copy if screen == Screen::Transfers && !text_is_selected => {
            actions.push(Action::CopyLink);
            false
        }
        _ => true,
    });
    actions
}

/// Takes a key out of the input, and returns whether it counts: one that is held does so once, but for those that move.
fn pressed(input: &mut InputState, key: &KeyboardShortcut, action: &Action) -> bool {
    let is_new = |event: &Event| matches!(event, Event::Key { key: pressed, pressed: true, repeat: false, .. } if *pressed == key.logical_key);
    let counts = matches!(action, Action::Move(..) | Action::Zoom(_)) || input.events.iter().any(is_new);
    input.consume_shortcut(key) && counts
}

/// The entries of the palette that have all these words in their names, as places in [`TABLE`]. `selected` says whether
/// there is something for those about transfers.
pub fn palette(words: &str, selected: bool) -> Vec<usize> {
    let words = words.to_lowercase();
    let named = |entry: &Entry| !entry.name.is_empty() && (selected || entry.place == Place::Anywhere);
    let has_all = |entry: &Entry| {
        let name = entry.name.to_lowercase();
        words.split_whitespace().all(|word| name.contains(word))
    };
    let fitting = TABLE.iter().enumerate().filter(|(_, entry)| named(entry) && has_all(entry));
    fitting.map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_key(modifiers: Modifiers, key: Key) -> InputState {
        let mut input = InputState::default();
        input.modifiers = modifiers;
        input.events.push(Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers });
        input
    }

    fn of(modifiers: Modifiers, key: Key, focus: Focus) -> Vec<Action> {
        shortcuts(&mut with_key(modifiers, key), Screen::Transfers, focus, false)
    }

    #[test]
    fn row_keys_are_ignored_while_something_else_has_the_focus() {
        assert_eq!(of(Modifiers::NONE, Key::Space, Focus::Rows), [Action::TogglePause]);
        assert_eq!(of(Modifiers::NONE, Key::Delete, Focus::Rows), [Action::Remove]);
        assert_eq!(of(Modifiers::SHIFT, Key::Delete, Focus::Rows), [Action::AskDelete]);
        for focus in [Focus::Field, Focus::Widget, Focus::Dialog] {
            assert_eq!(of(Modifiers::NONE, Key::Space, focus), []);
            assert_eq!(of(Modifiers::NONE, Key::Delete, focus), []);
        }
    }

    #[test]
    fn every_key_of_the_table_does_what_the_table_says_and_nothing_else() {
        for entry in &TABLE {
            let Some(key) = entry.key else { continue };
            assert_eq!(of(key.modifiers, key.logical_key, Focus::Rows), std::slice::from_ref(&entry.action));
            let in_field = of(key.modifiers, key.logical_key, Focus::Field);
            assert_eq!(in_field.is_empty(), entry.place == Place::Rows, "{:?}", entry.action);
            assert_eq!(of(key.modifiers, key.logical_key, Focus::Dialog), []);
        }
    }

    #[test]
    fn a_key_that_is_held_counts_once_unless_it_moves() {
        let held = |key| {
            let mut input = with_key(Modifiers::NONE, key);
            if let Some(Event::Key { repeat, .. }) = input.events.first_mut() {
                *repeat = true;
            }
            shortcuts(&mut input, Screen::Transfers, Focus::Rows, false)
        };
        assert_eq!((held(Key::Delete), held(Key::Space)), (vec![], vec![]));
        assert_eq!(held(Key::ArrowDown), [Action::Move(Step::Down, Pick::Only)]);
    }

    #[test]
    fn copy_and_paste_outside_a_field_are_about_links() {
        let with = |event: Event, focus, selected| {
            let mut input = InputState::default();
            input.events.push(event);
            shortcuts(&mut input, Screen::Transfers, focus, selected)
        };
        assert_eq!(with(Event::Copy, Focus::Rows, false), [Action::CopyLink]);
        assert_eq!(with(Event::Copy, Focus::Rows, true), []);
        assert_eq!(with(Event::Copy, Focus::Field, false), []);
        assert_eq!(with(Event::Paste("x".into()), Focus::Widget, false), [Action::PasteId("x".into())]);
        assert_eq!(with(Event::Paste("x".into()), Focus::Field, false), []);
    }

    #[test]
    fn the_palette_finds_by_words_in_any_order_and_case() {
        let found =
            |words, selected| -> Vec<_> { palette(words, selected).into_iter().map(|at| &TABLE[at].action).collect() };
        assert_eq!(found("folder SHARE", false), [&Action::PickShareFolder]);
        assert_eq!(found("check again", false), [&Action::Check; 0]);
        assert_eq!(found("check again", true), [&Action::Check]);
        assert!(found("", true).len() > found("", false).len());
    }
}
