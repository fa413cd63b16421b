//! The Tab key's way round each screen, and the words that a screen reader has for the stops.

use std::sync::Arc;

use egui::accesskit::{self, Role};
use egui::{Key, Modifiers};
use egui_kittest::Node;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sprat_peer_gui::model::engine::{PeerView, Snapshot, TransferState, TransferView};
use sprat_peer_gui::model::messages::{Notice, SearchAnswer};
use sprat_peer_gui::model::screen::Screen;
use sprat_peer_gui::state::Dialog;
use sprat_peer_gui::words;

use crate::common::{away, busy, empty, folder, hits, id, person, transfer, watched};
use crate::window::*;

/// Number of stops that no screen has.
const MANY: usize = 120;
/// Roles of widgets that are worked with, whether they can be worked with now or not.
const WORKED_WITH: [Role; 8] = [
    Role::Button,
    Role::CheckBox,
    Role::RadioButton,
    Role::TextInput,
    Role::PasswordInput,
    Role::Tab,
    Role::Row,
    Role::Link,
];

/// Name of a node that is heard: a person's word for it, or its own text.
fn name(node: &Node<'_>) -> Option<String> {
    let node = node.accesskit_node();
    let said = node.label().or_else(|| node.data().placeholder().map(str::to_owned));
    let said = said.or_else(|| node.value().filter(|_| node.role() == Role::Label));
    said.filter(|name| !name.trim().is_empty())
}

/// Stop of the Tab key: its role and its name.
pub(crate) type Stop = (Role, String);

/// Follows the Tab key round once.
pub(crate) fn tab_stops(window: &mut Window) -> Vec<Stop> {
    let (mut stops, mut met) = (Vec::new(), Vec::new());
    for _ in 0..MANY {
        plain_key(window, Key::Tab);
        let focused = window.root().children_recursive().find(Node::is_focused);
        let focused = focused.unwrap_or_else(|| panic!("the focus is lost after {stops:?}"));
        let role = focused.accesskit_node().role();
        let name = name(&focused).unwrap_or_else(|| panic!("a {role:?} without a name after {stops:?}"));
        if met.first() == Some(&focused.accesskit_node().id()) {
            return stops;
        }
        assert!(!met.contains(&focused.accesskit_node().id()), "{name:?} a second time, after {stops:?}");
        assert!(!matches!(role, Role::Unknown | Role::GenericContainer), "{name:?} has no role");
        met.push(focused.accesskit_node().id());
        stops.push((role, name));
    }
    panic!("no end after {stops:?}")
}

/// Screens, each in the states in which it has most to show.
fn scenes() -> Vec<(&'static str, Window)> {
    let mut scenes: Vec<(&str, Window)> = Vec::new();
    for screen in SCREENS {
        scenes.push(("empty", on(screen, empty())));
        scenes.push(("busy", on(screen, Snapshot { trackers: vec![away()], ..busy() })));
    }
    scenes.push(("first start", with(Snapshot { trackers: Vec::new(), ..empty() })));
    scenes.push(("selected", with_selected("debian")));
    scenes.push(("being checked", with_selected("field")));
    let mut window = with_selected("debian");
    select_with(&mut window, Modifiers::COMMAND, "Big Buck");
    scenes.push(("several selected", window));
    let mut window = with(folder());
    select(&mut window, "field");
    click(&mut window, Role::Tab, &words::tab(words::TAB_FILES));
    scenes.push(("folder", window));
    scenes.push(("found", found()));
    scenes.push(("peers", on(Screen::Peers, met(vec![person(34, "Grace", 1, 1), person(21, "", 1, 0)]))));
    let mut window = on(Screen::Share, busy());
    let link = transfer(3, "lecture-notes-2026.zip", 200, 100, TransferState::Sharing).link;
    tell_of(&mut window, sprat_api::Event::Shared { path: "/x/lecture-notes-2026.zip".into(), link });
    scenes.push(("just shared", window));
    scenes.push(("settings, unfolded", unfolded_settings()));
    scenes
}

/// Windows with each dialog open.
fn dialogs() -> Vec<(&'static str, Window)> {
    let by_key = |modifiers, pressed| {
        let mut window = with_selected("debian");
        key(&mut window, modifiers, pressed);
        window
    };
    let by_menu = |entry| {
        let mut window = with_selected("debian");
        press_more(&mut window, entry);
        window
    };
    let mut log = with_selected("debian");
    tell(&mut log, Notice::Log(vec!["the engine runs".to_owned()]));
    let mut licences = with_selected("debian");
    licences.state_mut().view.dialogs.open(Dialog::Licences);
    licences.run();
    vec![
        ("delete", by_key(Modifiers::SHIFT, Key::Delete)),
        ("palette", by_key(Modifiers::COMMAND, Key::K)),
        ("shortcuts", by_key(Modifiers::NONE, Key::F1)),
        ("move", by_menu(words::MOVE)),
        ("limits", by_menu(words::LIMITS)),
        ("peer", by_menu(words::ADD_PEER)),
        ("qr", by_menu(words::SHOW_QR)),
        ("log", log),
        ("licences", licences),
    ]
}

pub(crate) fn with_selected(name: &str) -> Window {
    let mut window = with(watched());
    select(&mut window, name);
    window
}

pub(crate) fn found() -> Window {
    let mut window = on(Screen::Browse, busy());
    window.state_mut().view.browse.words = "lecture".to_owned();
    window.state_mut().view.browse.begin();
    let answer = SearchAnswer { hits: hits(), more: true, troubles: Vec::new() };
    tell(&mut window, Notice::SearchAnswered { words: "lecture".to_owned(), page: 0, answer });
    window
}

pub(crate) fn met(peers: Vec<PeerView>) -> Snapshot {
    let one = transfer(1, "a.iso", 640, 55, TransferState::Downloading);
    Snapshot { transfers: vec![Arc::new(TransferView { peers, ..one })], ..empty() }
}

/// Settings with everything in view, and a token that is asked for.
pub(crate) fn unfolded_settings() -> Window {
    let mut window = on(Screen::Settings, empty());
    window.set_size([1180.0, 1900.0].into());
    window.run();
    window.get_by_label(words::ADVANCED).click();
    window.run();
    press(&mut window, &words::token_of("http://tracker.example:5000"));
    window
}

/// Asserts that each widget that can be worked with has a name, and that the Tab key leads to it unless it is disabled.
fn assert_reached(scene: &str, window: &mut Window) {
    let stops = tab_stops(window);
    for node in window.root().children_recursive() {
        let (inner, name) = (node.accesskit_node(), name(&node));
        let does = |action| inner.data().supports_action(action);
        // Scroll bars and edges that are dragged are for mice: the arrows scroll too.
        let is_for_mice = matches!(inner.role(), Role::ScrollBar | Role::Splitter);
        if WORKED_WITH.contains(&inner.role()) || does(accesskit::Action::Click) && !is_for_mice {
            assert!(name.is_some(), "{scene}: a {:?} at {:?} has no name", inner.role(), inner.raw_bounds());
        }
        let is_stop = WORKED_WITH.contains(&inner.role()) && inner.role() != Role::Row && !inner.is_disabled();
        let stop = (inner.role(), name.unwrap_or_default());
        assert!(!is_stop || stops.contains(&stop), "{scene}: Tab does not lead to {stop:?}, but to {stops:?}");
    }
    let rows = stops.iter().filter(|(role, _)| *role == Role::Row).count();
    assert!(rows <= 1, "{scene}: a long list costs one stop, not {rows}");
}

#[test]
fn tab_leads_everywhere_and_everything_has_a_name() {
    for (scene, mut window) in scenes() {
        let screen = window.state().view.screen;
        assert_reached(&format!("{screen:?}, {scene}"), &mut window);
    }
}

#[test]
fn dialogs_keep_the_focus_and_give_it_back() {
    for (scene, mut window) in dialogs() {
        assert!(window.state().view.dialogs.current.is_some(), "{scene}");
        let stops = tab_stops(&mut window);
        let leaves = |(role, _): &Stop| matches!(role, Role::Tab | Role::Row);
        assert!(!stops.is_empty() && !stops.iter().any(leaves), "{scene}: the focus leaves it: {stops:?}");
        plain_key(&mut window, Key::Escape);
        assert!(window.state().view.dialogs.current.is_none(), "{scene}: Escape does not close it");
        // The row that it was about can be gone on with at once.
        forget(&mut window);
        plain_key(&mut window, Key::Space);
        assert_eq!(commands(&window).len(), 1, "{scene}: Space does nothing for {:?}", id(1));
    }
}

#[test]
fn a_dialog_gives_the_focus_back_to_what_had_it() {
    let mut window = with(busy());
    window.get_by_role_and_label(Role::Button, words::SHARE_A_FILE).focus();
    window.run();
    key(&mut window, Modifiers::COMMAND, Key::K);
    assert!(window.get_by_role_and_label(Role::TextInput, words::PALETTE_FIELD).is_focused());
    plain_key(&mut window, Key::Escape);
    assert!(window.get_by_role_and_label(Role::Button, words::SHARE_A_FILE).is_focused());
    // What asks for the focus itself has it.
    key(&mut window, Modifiers::COMMAND, Key::K);
    type_into(&mut window, words::PALETTE_FIELD, words::SEARCH_FILES);
    plain_key(&mut window, Key::Enter);
    assert!(window.get_by_role_and_label(Role::TextInput, words::SEARCH_FIELD).is_focused());
}
