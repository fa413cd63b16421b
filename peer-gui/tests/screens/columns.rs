//! The columns of the list: sorting by them, hiding them, their widths.

use egui::accesskit::Role;
use egui::vec2;
use egui_kittest::kittest::Queryable as _;
use sprat_peer_gui::model::columns::Column;
use sprat_peer_gui::model::messages::Request;
use sprat_peer_gui::words;

use crate::common::busy;
use crate::window::*;

/// Window with room for every column, all of which are shown.
fn all_columns() -> Window {
    let mut window = with(busy());
    window.state_mut().view.preferences.hidden_columns.clear();
    window.set_size([1400.0, 720.0].into());
    window.run();
    window
}

/// Rows below the first, which is a file that is read in order to be shared, and stays at the top.
fn below_the_first(window: &Window) -> Vec<String> {
    let rows = rows(window);
    assert_eq!(rows[0], "inter");
    rows[1..].to_vec()
}

#[test]
fn each_column_sorts_and_a_second_click_reverses() {
    let orders: [(Column, &[&str]); 9] = [
        (Column::Name, &["Big B", "datas", "debia", "field", "holid", "lectu", "notes", "rust-"]),
        (Column::Size, &["Big B", "debia", "datas", "field", "holid", "lectu", "rust-", "notes"]),
        (Column::Progress, &["lectu", "field", "debia", "Big B", "rust-", "datas", "holid", "notes"]),
        (Column::Status, &["field", "debia", "Big B", "rust-", "notes", "lectu", "datas", "holid"]),
        (Column::Down, &["Big B", "debia"]),
        (Column::Up, &["lectu"]),
        (Column::Peers, &["Big B", "debia"]),
        (Column::Eta, &["debia", "Big B"]),
        (Column::Added, &["notes", "holid", "datas", "field", "rust-", "lectu", "Big B", "debia"]),
    ];
    let mut window = all_columns();
    for (column, first) in orders {
        press(&mut window, &words::sort_by(column));
        let mut order = below_the_first(&window);
        assert_eq!(order[..first.len()], *first, "{column:?}");
        press(&mut window, &words::sort_by(column));
        order.reverse();
        assert_eq!(below_the_first(&window), order, "{column:?}");
        assert_eq!(kept(&window).map(|kept| kept.sort.by), Some(column));
    }
}

#[test]
fn columns_are_hidden_and_shown_again_and_that_is_kept() {
    let mut window = with(busy());
    let has = |window: &Window, column| window.query_by_role_and_label(Role::Button, &words::sort_by(column)).is_some();
    assert!(has(&window, Column::Size) && !has(&window, Column::Added));
    press(&mut window, words::COLUMNS);
    assert!(window.query_by_role_and_label(Role::CheckBox, words::NAME).is_none(), "a list without names is of no use");
    click(&mut window, Role::CheckBox, words::SIZE);
    assert!(!has(&window, Column::Size));
    assert!(kept(&window).is_some_and(|kept| kept.hidden_columns.contains(&Column::Size)));
    click(&mut window, Role::CheckBox, words::SIZE);
    assert!(has(&window, Column::Size));
    assert!(kept(&window).is_some_and(|kept| !kept.hidden_columns.contains(&Column::Size)));
}

#[test]
fn an_edge_that_was_dragged_is_kept_once() {
    let mut window = with(busy());
    let heading = window.get_by_role_and_label(Role::Button, &words::sort_by(Column::Size)).rect();
    let edge = heading.left_center() - vec2(4.0, 0.0);
    drag(&mut window, edge, edge - vec2(50.0, 0.0));
    let width = kept(&window).and_then(|kept| kept.widths.get(&Column::Size).copied());
    assert!(width.is_some_and(|width| (125..=145).contains(&width)), "{width:?}");
    let saved = requests(&window).into_iter().filter(|request| matches!(request, Request::SavePreferences(_)));
    assert_eq!(saved.count(), 1, "not at every step of the mouse");
    let now = window.get_by_role_and_label(Role::Button, &words::sort_by(Column::Size)).rect();
    assert!((heading.left() - now.left() - 50.0).abs() < 6.0, "the heading is where it was dragged to: {now}");
}
