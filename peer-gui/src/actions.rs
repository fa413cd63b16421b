//! Everything that a person can do: one enum, and the keys that lead there.

use std::path::PathBuf;

use egui::{Event, InputState, Key, Modifiers};
use url::Url;

use crate::state::{RowKey, Screen, Step, ThemeChoice};

/// One thing that a person asks for. Those about a transfer mean the selected one.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Go to a screen.
    Show(Screen),
    /// Download what is in the field for IDs.
    SubmitId,
    /// Text was pasted outside of any field.
    PasteId(String),
    /// Choose a file to share.
    PickShareFile,
    /// Share this file.
    Share(PathBuf),
    /// Share the file whose path is in the field.
    ShareTyped,
    /// Select a row.
    Select(RowKey),
    /// Move the selection.
    Move(Step),
    /// Close whatever is open: a question, else the pane of the selected row.
    Escape,
    /// Pause the selected transfer, or go on with it.
    TogglePause,
    /// Remove the selected row from the list. A file that is being read is not shared.
    Remove,
    /// Stop reading this file.
    CancelShare(PathBuf),
    /// Ask whether to delete what the selected transfer downloaded.
    AskDelete,
    /// Delete it: the answer to that question.
    ConfirmDelete,
    /// Copy the selected transfer's link.
    CopyLink,
    /// Copy the selected transfer's file ID.
    CopyId,
    /// Copy this text, and say so in these words.
    Copy(String, &'static str),
    /// Show the folder of the selected transfer.
    OpenFolder,
    /// Ask trackers that are away again now.
    RetryTrackers,
    /// Look like this from now on.
    SetTheme(ThemeChoice),
    /// Choose the download folder.
    PickDownloadDir,
    /// Use the folder in the field from now on.
    UseTypedDir,
    /// Add the tracker in the field.
    AddTracker,
    /// Use this tracker no more.
    RemoveTracker(Url),
    /// Ask for this tracker's token, or no longer.
    EditToken(Option<Url>),
    /// Use the token in the field from now on.
    UseToken,
    /// Use no token for the tracker that is asked about.
    ForgetToken,
    /// Run a tracker here, or stop it.
    RunTracker(bool),
    /// Let others use it, or not.
    ServeLan(bool),
    /// The card about trackers is not wanted.
    DismissSetup,
    /// A toast was read.
    DismissToast(u64),
    /// Close the window.
    Quit,
}

/// Where the keyboard's focus is, as far as shortcuts care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// In a text field: every key belongs to it but those with Ctrl that mean a screen.
    Field,
    /// On a row of the list, or nowhere: rows take the keys.
    Rows,
    /// On another widget: it takes Space, Enter and the arrows.
    Widget,
    /// A question is open: nothing but its answer.
    Dialog,
}

/// Shortcuts that work wherever the focus is.
const ANYWHERE: [(Key, Action); 5] = [
    (Key::O, Action::PickShareFile),
    (Key::Num1, Action::Show(Screen::Transfers)),
    (Key::Num2, Action::Show(Screen::Share)),
    (Key::Num3, Action::Show(Screen::Settings)),
    (Key::Comma, Action::Show(Screen::Settings)),
];

/// Shortcuts for the selected row, while the list is on the screen.
const ROWS: [(Modifiers, Key, Action); 9] = [
    (Modifiers::SHIFT, Key::Delete, Action::AskDelete),
    (Modifiers::NONE, Key::ArrowUp, Action::Move(Step::Up)),
    (Modifiers::NONE, Key::ArrowDown, Action::Move(Step::Down)),
    (Modifiers::NONE, Key::Home, Action::Move(Step::First)),
    (Modifiers::NONE, Key::End, Action::Move(Step::Last)),
    (Modifiers::NONE, Key::Space, Action::TogglePause),
    (Modifiers::NONE, Key::Enter, Action::OpenFolder),
    (Modifiers::NONE, Key::Delete, Action::Remove),
    (Modifiers::NONE, Key::Escape, Action::Escape),
];

/// Takes the keys that are shortcuts out of the input, and says what they mean.
pub fn shortcuts(input: &mut InputState, screen: Screen, focus: Focus, text_is_selected: bool) -> Vec<Action> {
    if focus == Focus::Dialog {
        return Vec::new();
    }
    let mut actions = Vec::new();
    for (key, action) in ANYWHERE {
        if input.consume_key(Modifiers::COMMAND, key) {
            actions.push(action);
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
    if focus == Focus::Rows && screen == Screen::Transfers {
        for (modifiers, key, action) in ROWS {
            if input.consume_key(modifiers, key) {
                actions.push(action);
            }
        }
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(modifiers: Modifiers, key: Key) -> InputState {
        let mut input = InputState::default();
        input.events.push(Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers });
        input
    }

    fn of(modifiers: Modifiers, key: Key, focus: Focus) -> Vec<Action> {
        shortcuts(&mut pressed(modifiers, key), Screen::Transfers, focus, false)
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
    fn screens_and_sharing_are_reached_from_anywhere_but_a_question() {
        for focus in [Focus::Rows, Focus::Field, Focus::Widget] {
            assert_eq!(of(Modifiers::COMMAND, Key::O, focus), [Action::PickShareFile]);
            assert_eq!(of(Modifiers::COMMAND, Key::Num3, focus), [Action::Show(Screen::Settings)]);
        }
        assert_eq!(of(Modifiers::COMMAND, Key::O, Focus::Dialog), []);
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
}
