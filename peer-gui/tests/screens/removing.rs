//! Removals and deletions.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sprat_peer_gui::model::engine::Command;
use sprat_peer_gui::state::toasts::SHOWN_FOR;
use sprat_peer_gui::update::{Effect, forget_removed};
use sprat_peer_gui::words;

use crate::common::{busy, id};
use crate::window::*;

#[test]
fn removing_keeps_the_file_and_says_so() {
    let mut window = with(busy());
    select(&mut window, "debian");
    key(&mut window, Modifiers::NONE, Key::Delete);
    // It stops at once; whether it is forgotten shows when it is too late for a change of mind.
    assert!(matches!(commands(&window)[..], [Command::Pause(file)] if *file == id(1)));
    assert!(reads(&window, words::REMOVED) && !has_row(&window, "debian"));
    press(&mut window, words::UNDO);
    assert!(matches!(commands(&window)[..], [_, Command::Resume(file)] if *file == id(1)));
    assert!(!reads(&window, words::REMOVED) && has_row(&window, "debian"));

    select(&mut window, "debian");
    key(&mut window, Modifiers::NONE, Key::Delete);
    press(&mut window, words::DISMISS);
    assert!(!reads(&window, words::REMOVED));
    let forgotten = forget_removed(&mut window.state_mut().view, f64::INFINITY);
    let [Effect::Engine(Command::Remove { file_id, delete_data: false })] = forgotten[..] else {
        panic!("one removal")
    };
    assert_eq!(file_id, id(1));
}

#[test]
fn deleting_asks_first_and_cancel_is_the_default() {
    let mut window = with(busy());
    select(&mut window, "debian");
    key(&mut window, Modifiers::SHIFT, Key::Delete);
    assert!(reads(&window, words::DELETE_TITLE));
    assert!(window.get_by_role_and_label(Role::Button, words::CANCEL).is_focused());
    key(&mut window, Modifiers::NONE, Key::Enter);
    assert!(commands(&window).is_empty() && !reads(&window, words::DELETE_TITLE));

    press_more(&mut window, words::DELETE);
    key(&mut window, Modifiers::NONE, Key::Escape);
    assert!(commands(&window).is_empty() && !reads(&window, words::DELETE_TITLE));

    press_more(&mut window, words::DELETE);
    press(&mut window, words::DELETE_CONFIRM);
    let [Command::Remove { file_id, delete_data: true }] = commands(&window)[..] else { panic!("one deletion") };
    assert_eq!(*file_id, id(1));
}

#[test]
fn what_was_only_shared_cannot_be_deleted() {
    let mut window = with(busy());
    select(&mut window, "lecture-notes");
    press(&mut window, words::MORE);
    assert!(window.get_by_role_and_label(Role::Button, words::DELETE).accesskit_node().is_disabled());
    key(&mut window, Modifiers::NONE, Key::Escape);
    key(&mut window, Modifiers::SHIFT, Key::Delete);
    assert!(!reads(&window, words::DELETE_TITLE));
}

#[test]
fn several_are_removed_and_come_back_together() {
    let mut window = with(busy());
    select(&mut window, "debian");
    select_with(&mut window, Modifiers::COMMAND, "rust-book");
    plain_key(&mut window, Key::Delete);
    assert!(matches!(commands(&window)[..], [Command::Pause(a), Command::Pause(b)] if (*a, *b) == (id(1), id(4))));
    assert!(reads(&window, &words::removed(2)) && !has_row(&window, "debian") && !has_row(&window, "rust-book"));
    forget(&mut window);
    press(&mut window, words::UNDO);
    assert!(matches!(commands(&window)[..], [Command::Resume(file)] if *file == id(1)), "the other was paused before");
    assert!(has_row(&window, "debian") && has_row(&window, "rust-book"));
}

#[test]
fn what_is_removed_is_forgotten_when_its_time_is_over() {
    let mut window = with(busy());
    select(&mut window, "debian");
    select_with(&mut window, Modifiers::COMMAND, "Big Buck");
    plain_key(&mut window, Key::Delete);
    let now = window.ctx.input(|input| input.time);
    let view = &mut window.state_mut().view;
    assert!(forget_removed(view, now + SHOWN_FOR - 2.0).is_empty());
    let forgotten = forget_removed(view, now + SHOWN_FOR);
    let files = forgotten.iter().map(|effect| match effect {
        Effect::Engine(Command::Remove { file_id, delete_data: false }) => *file_id,
        other => panic!("{other:?}"),
    });
    assert_eq!(files.collect::<Vec<_>>(), [id(1), id(6)]);
    window.run();
    assert!(!has_row(&window, "debian"), "until the engine has forgotten it");
}

#[test]
fn what_is_wanted_again_is_not_removed() {
    let mut window = with(busy());
    select(&mut window, "debian");
    plain_key(&mut window, Key::Delete);
    forget(&mut window);
    type_into(&mut window, words::PASTE_ID, &id(1).to_string());
    press(&mut window, words::DOWNLOAD);
    assert!(matches!(commands(&window)[..], [Command::Download { .. }, Command::Resume(file)] if *file == id(1)));
    assert!(has_row(&window, "debian") && forget_removed(&mut window.state_mut().view, f64::INFINITY).is_empty());
}

#[test]
fn several_are_deleted_after_one_question() {
    let mut window = with(busy());
    select(&mut window, "debian");
    // The second was only shared: it is not asked about, and not deleted.
    for name in ["lecture", "Big Buck"] {
        select_with(&mut window, Modifiers::COMMAND, name);
    }
    key(&mut window, Modifiers::SHIFT, Key::Delete);
    assert!(reads(&window, &words::delete_question(&words::transfers(2), 2)));
    press(&mut window, words::DELETE_CONFIRM);
    let files = commands(&window).into_iter().map(|command| match command {
        Command::Remove { file_id, delete_data: true } => *file_id,
        other => panic!("{other:?}"),
    });
    assert_eq!(files.collect::<Vec<_>>(), [id(1), id(6)]);
    assert!(reads(&window, &words::deleted(2)));
}
