//! Selected rows, and actions on all of them.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use sprat_chunking::FileId;
use sprat_peer_gui::model::engine::Command;
use sprat_peer_gui::state::RowKey;
use sprat_peer_gui::words;

use crate::common::{busy, id};
use crate::window::*;

#[test]
fn space_pauses_the_selected_row_and_resumes_it() {
    let mut window = with(busy());
    select(&mut window, "debian");
    key(&mut window, Modifiers::NONE, Key::Space);
    assert!(matches!(commands(&window)[..], [Command::Pause(file)] if *file == id(1)));
    select(&mut window, "rust-book");
    key(&mut window, Modifiers::NONE, Key::Space);
    assert!(matches!(commands(&window)[..], [_, Command::Resume(file)] if *file == id(4)));
}

#[test]
fn arrows_home_and_end_move_the_selection() {
    let mut window = with(busy());
    let expect = |window: &Window, n| {
        assert_eq!(window.state().view.transfers.selection.single(), Some(&RowKey::Transfer(id(n))));
    };
    key(&mut window, Modifiers::NONE, Key::End);
    expect(&window, 8);
    key(&mut window, Modifiers::NONE, Key::ArrowUp);
    expect(&window, 7);
    key(&mut window, Modifiers::NONE, Key::Home);
    key(&mut window, Modifiers::NONE, Key::ArrowDown);
    expect(&window, 1);
    key(&mut window, Modifiers::NONE, Key::ArrowDown);
    expect(&window, 6);
    key(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.state().view.transfers.selection.is_empty());
}

#[test]
fn row_keys_are_letters_in_a_field() {
    let mut window = with(busy());
    select(&mut window, "debian");
    type_into(&mut window, words::PASTE_ID, "a b");
    key(&mut window, Modifiers::NONE, Key::Delete);
    key(&mut window, Modifiers::NONE, Key::Space);
    assert!(commands(&window).is_empty());
}

/// Transfers that Space pauses, in the order of the commands.
fn paused(window: &mut Window) -> Vec<FileId> {
    forget(window);
    plain_key(window, Key::Space);
    let paused = commands(window).into_iter().map(|command| match command {
        Command::Pause(file) => *file,
        other => panic!("{other:?}"),
    });
    paused.collect()
}

#[test]
fn ctrl_and_shift_with_a_click_select_several() {
    let mut window = with(busy());
    select(&mut window, "debian");
    select_with(&mut window, Modifiers::COMMAND, "lecture");
    assert_eq!(paused(&mut window), [id(1), id(3)]);
    assert!(reads(&window, &words::several(2)) && reads(&window, &words::in_all(840 << 20)));
    select_with(&mut window, Modifiers::COMMAND, "debian");
    assert_eq!(paused(&mut window), [id(3)], "it is selected no longer");
    select(&mut window, "interview");
    select_with(&mut window, Modifiers::SHIFT, "lecture");
    assert_eq!((paused(&mut window), window.state().view.transfers.selection.len()), (vec![id(1), id(6), id(3)], 4));
}

#[test]
fn shift_with_an_arrow_stretches_the_selection_and_shrinks_it() {
    let mut window = with(busy());
    select(&mut window, "debian");
    key(&mut window, Modifiers::SHIFT, Key::ArrowDown);
    key(&mut window, Modifiers::SHIFT, Key::ArrowDown);
    assert_eq!(paused(&mut window), [id(1), id(6), id(3)]);
    key(&mut window, Modifiers::SHIFT, Key::ArrowUp);
    assert_eq!(paused(&mut window), [id(1), id(6)]);
    key(&mut window, Modifiers::SHIFT, Key::End);
    assert_eq!(window.state().view.transfers.selection.len(), 8);
    key(&mut window, Modifiers::SHIFT, Key::Home);
    assert_eq!(window.state().view.transfers.selection.len(), 2);
}

#[test]
fn everything_is_selected_at_once_and_commanded_at_once() {
    let mut window = with(busy());
    key(&mut window, Modifiers::COMMAND, Key::A);
    assert_eq!(window.state().view.transfers.selection.len(), 9);
    assert_eq!(paused(&mut window), [id(1), id(6), id(3), id(5), id(7), id(8)], "those that run");
    forget(&mut window);
    press_more(&mut window, words::CHECK);
    assert_eq!(commands(&window).len(), 0, "one of them is being checked already");
    plain_key(&mut window, Key::Escape);
    press(&mut window, words::COPY_LINK);
    assert_eq!(copied(&window).map(|links| links.lines().count()), Some(8));
}

#[test]
fn the_pane_does_not_hide_the_row_that_it_is_about() {
    let mut window = with(busy());
    window.set_size([1180.0, 560.0].into());
    window.run();
    let before = place_of_row(&window, "notes");
    select(&mut window, "notes");
    assert_eq!(window.state().view.transfers.selection.single(), Some(&RowKey::Transfer(id(8))));
    let (row, pane) = (place_of_row(&window, "notes"), window.get_by_role_and_label(Role::Button, words::MORE).rect());
    assert!(
        row.bottom() <= pane.top() && row.top() < before.top(),
        "the row is at {row}, the pane's buttons at {pane}"
    );
}
