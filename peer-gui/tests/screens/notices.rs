//! News from the engine's side: toasts, and notifications while nobody looks.

use sprat_peer_gui::model::engine::{Event, Trouble};
use sprat_peer_gui::model::messages::{Notice, Request};
use sprat_peer_gui::words;

use crate::common::{busy, id};
use crate::window::*;

fn complete() -> Event {
    Event::Completed { file_id: id(1), path: "/home/ada/Downloads/debian.iso".into() }
}

#[test]
fn the_system_tells_only_what_nobody_sees() {
    let mut window = with(busy());
    tell_of(&mut window, complete());
    assert!(reads(&window, &words::completed("debian.iso")) && requests(&window).is_empty());

    window.input_mut().focused = false;
    window.run();
    tell_of(&mut window, complete());
    let body = words::completed("debian.iso");
    assert_eq!(requests(&window), [&Request::Notify { title: words::COMPLETED_TITLE, body }]);

    forget(&mut window);
    window.state_mut().view.preferences.notifications = false;
    tell_of(&mut window, complete());
    assert!(requests(&window).is_empty());
}

#[test]
fn a_stop_is_told_with_its_reason() {
    let mut window = with(busy());
    window.input_mut().focused = false;
    window.run();
    let trouble = Trouble::DiskFull { needed: 1 << 30, dir: "/home/ada/Downloads".into() };
    let body = words::stopped(Some("debian-12.8.0-amd64-netinst.iso"), &trouble);
    tell_of(&mut window, Event::Stopped { file_id: id(1), trouble });
    assert!(reads(&window, &body));
    assert_eq!(requests(&window), [&Request::Notify { title: words::STOPPED_TITLE, body }]);
}

#[test]
fn news_go_away_by_themselves() {
    let mut window = with(busy());
    tell(&mut window, Notice::Done("It is done.".to_owned()));
    assert!(reads(&window, "It is done."));
    // A step is a quarter of a second.
    window.run_steps(40);
    assert!(!reads(&window, "It is done."));
    tell(&mut window, Notice::Trouble("It is not.".to_owned()));
    press(&mut window, words::DISMISS);
    assert!(!reads(&window, "It is not."));
}
