//! Names from strangers: shown, harmless, with their extension in view.

use egui::Event;
use egui_kittest::kittest::NodeT as _;
use sprat_peer_gui::model::messages::{Notice, SearchAnswer};
use sprat_peer_gui::model::screen::Screen;
use sprat_protocol::Link;
use sprat_protocol::tracker::SearchHit;

use crate::common::{empty, hits, id};
use crate::window::*;

/// Names of a program that looks like a picture when read from right to left, with lines and bells, with a link to
/// elsewhere, and with characters that nobody sees.
const HOSTILE: [&str; 4] = [
    "cute\u{202e}gpj.exe",
    "two\nlines\r\u{7}\u{0}.exe",
    "../../etc/passwd\u{2066}.exe",
    "\u{200b}\u{feff}x\u{2028}y.exe",
];

/// Texts of the window, to eyes and to ears.
fn all_text(window: &Window) -> Vec<String> {
    let nodes = window.root().children_recursive();
    let texts = nodes.flat_map(|node| {
        let node = node.accesskit_node();
        [node.label(), node.value(), node.data().description().map(str::to_owned)]
    });
    texts.flatten().collect()
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn hostile() -> impl Iterator<Item = String> {
    let long = format!("{}.exe", "long ".repeat(820));
    HOSTILE.into_iter().map(str::to_owned).chain([long])
}

fn assert_harmless(window: &Window, of: &str) {
    let texts = all_text(window);
    for text in &texts {
        assert!(!text.contains(is_harmful), "{of:?} is shown as {text:?}");
        assert!(text.len() < 1024, "{of:?}: {} bytes", text.len());
    }
    assert!(texts.iter().any(|text| text.contains(".exe")), "{of:?}: what it is is not in view");
}

#[test]
fn what_a_search_finds_is_harmless() {
    for name in hostile() {
        let hit = SearchHit { name: name.clone(), ..hits().remove(2) };
        let mut window = on(Screen::Browse, empty());
        window.state_mut().view.browse.words = "x".to_owned();
        window.state_mut().view.browse.begin();
        let answer = SearchAnswer { hits: vec![hit], ..SearchAnswer::default() };
        tell(&mut window, Notice::SearchAnswered { words: "x".to_owned(), page: 0, answer });
        assert_harmless(&window, &name);
    }
}

#[test]
fn what_is_offered_or_added_is_harmless() {
    for name in hostile() {
        let mut link = Link::new(id(60));
        link.name = Some(name.clone());
        let mut window = on(Screen::Share, empty());
        window.state_mut().view.adding.offer(link.clone());
        window.run();
        assert_harmless(&window, &name);
        window.state_mut().view.adding.offers.clear();
        window.event(Event::Paste(link.to_string()));
        window.run();
        assert_eq!(commands(&window).len(), 1);
        assert_harmless(&window, &name);
    }
}
