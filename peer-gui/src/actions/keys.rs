//! Keys and the clipboard → actions.

use egui::{Event, InputState, KeyboardShortcut};

use super::action::Action;
use super::adding::AddAction;
use super::bindings::{BINDINGS, Scope};
use super::list::ListAction;
use super::settings::SettingsAction;
use super::transfers::TransferAction;
use crate::model::screen::Screen;
use crate::state::Focus;

/// Takes the keys that are shortcuts out of the input, and returns their actions.
pub fn shortcuts(input: &mut InputState, screen: Screen, focus: Focus, text_is_selected: bool) -> Vec<Action> {
    if focus == Focus::Dialog {
        return Vec::new();
    }
    let in_rows = focus == Focus::Rows && screen == Screen::Transfers;
    let counts = |scope| scope == Scope::Anywhere || in_rows;
    let mut actions = Vec::new();
    for binding in BINDINGS.iter().filter(|binding| counts(binding.scope)) {
        if binding.key.is_some_and(|key| pressed(input, &key, &binding.action)) {
            actions.push(binding.action.clone());
        }
    }
    if focus == Focus::Field {
        return actions;
    }
    input.events.retain(|event| match event {
        Event::Paste(text) => {
            actions.push(Action::Add(AddAction::Paste(text.clone())));
            false
        }
        Event::Copy if screen == Screen::Transfers && !text_is_selected => {
            actions.push(Action::Transfers(TransferAction::CopyLink));
            false
        }
        _ => true,
    });
    actions
}

/// Takes a key out of the input, and returns true if it counts. A key that is held counts once, unless it moves or
/// zooms.
fn pressed(input: &mut InputState, key: &KeyboardShortcut, action: &Action) -> bool {
    let is_new = |event: &Event| matches!(event, Event::Key { key: pressed, pressed: true, repeat: false, .. } if *pressed == key.logical_key);
    let counts = matches!(action, Action::List(ListAction::Move(..)) | Action::Settings(SettingsAction::Zoom(_)))
        || input.events.iter().any(is_new);
    input.consume_shortcut(key) && counts
}

#[cfg(test)]
mod tests {
    use egui::{Key, Modifiers};

    use super::*;
    use crate::state::{Pick, Step};

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
        assert_eq!(of(Modifiers::NONE, Key::Space, Focus::Rows), [Action::Transfers(TransferAction::TogglePause)]);
        assert_eq!(of(Modifiers::NONE, Key::Delete, Focus::Rows), [Action::Transfers(TransferAction::Remove)]);
        assert_eq!(of(Modifiers::SHIFT, Key::Delete, Focus::Rows), [Action::Transfers(TransferAction::AskDelete)]);
        for focus in [Focus::Field, Focus::Widget, Focus::Dialog] {
            assert_eq!(of(Modifiers::NONE, Key::Space, focus), []);
            assert_eq!(of(Modifiers::NONE, Key::Delete, focus), []);
        }
    }

    #[test]
    fn every_key_of_the_table_does_what_the_table_says_and_nothing_else() {
        for binding in &BINDINGS {
            let Some(key) = binding.key else { continue };
            assert_eq!(of(key.modifiers, key.logical_key, Focus::Rows), std::slice::from_ref(&binding.action));
            let in_field = of(key.modifiers, key.logical_key, Focus::Field);
            assert_eq!(in_field.is_empty(), binding.scope == Scope::Rows, "{:?}", binding.action);
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
        assert_eq!(held(Key::ArrowDown), [Action::List(ListAction::Move(Step::Down, Pick::Only))]);
    }

    #[test]
    fn copy_and_paste_outside_a_field_are_about_links() {
        let with = |event: Event, focus, selected| {
            let mut input = InputState::default();
            input.events.push(event);
            shortcuts(&mut input, Screen::Transfers, focus, selected)
        };
        assert_eq!(with(Event::Copy, Focus::Rows, false), [Action::Transfers(TransferAction::CopyLink)]);
        assert_eq!(with(Event::Copy, Focus::Rows, true), []);
        assert_eq!(with(Event::Copy, Focus::Field, false), []);
        assert_eq!(with(Event::Paste("x".into()), Focus::Widget, false), [Action::Add(AddAction::Paste("x".into()))]);
        assert_eq!(with(Event::Paste("x".into()), Focus::Field, false), []);
    }
}
