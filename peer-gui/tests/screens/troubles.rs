//! Trouble: each has a sentence that says what happened and what to do.

use std::path::Path;
use std::sync::Arc;

use egui::Key;
use sprat_peer_gui::model::engine::{Command, Event, Snapshot, TransferState, Trouble};
use sprat_peer_gui::model::filter::Filter;
use sprat_peer_gui::words;

use crate::common::{busy, empty, id, transfer};
use crate::window::*;

fn in_state(state: TransferState) -> Window {
    let mut window = with(Snapshot { transfers: vec![Arc::new(transfer(1, "a.iso", 640, 55, state))], ..empty() });
    window.set_size([1180.0, 900.0].into());
    select(&mut window, "a.iso");
    window
}

#[test]
fn trouble_says_what_and_where() {
    let folder = "/home/ada/Downloads";
    for (trouble, sentence) in [
        (
            Trouble::DiskFull { needed: 430 << 20, dir: folder.into() },
            "Paused: 430.0 MiB more space needed in /home/ada/Downloads. It goes on by itself as soon as there is room.",
        ),
        (
            Trouble::Io { path: folder.into(), reason: "permission denied".to_owned() },
            "/home/ada/Downloads: permission denied; it goes on by itself as soon as that is mended.",
        ),
        (
            Trouble::SourceChanged { path: "/home/ada/a.iso".into() },
            "/home/ada/a.iso was changed or removed, so it is no longer shared; share it again as it is now.",
        ),
    ] {
        let mut window = in_state(TransferState::Stopped(trouble.clone()));
        assert!(reads(&window, sentence), "{sentence}");
        press_filter(&mut window, Filter::Problems, 1);
        assert!(has_row(&window, "a.iso"));
        tell_of(&mut window, Event::Stopped { file_id: id(1), trouble });
        assert!(reads(&window, &format!("“a.iso”: {sentence}")));
    }
}

#[test]
fn every_state_has_a_word_and_a_sentence() {
    for state in [
        TransferState::Queued,
        TransferState::Searching,
        TransferState::Waiting,
        TransferState::Checking,
        TransferState::Moving,
        TransferState::Downloading,
        TransferState::Sharing,
        TransferState::Paused,
    ] {
        let sentence = words::state_sentence(&state);
        let window = in_state(state);
        assert!(reads(&window, &sentence), "{sentence}");
    }
}

#[test]
fn what_stayed_where_it_was_says_why() {
    let mut window = in_state(TransferState::Paused);
    let trouble = Trouble::Io { path: "/media/disk".into(), reason: "read-only file system".to_owned() };
    let said = words::trouble_sentence(&trouble);
    tell_of(&mut window, Event::NotMoved { file_id: id(1), trouble });
    assert!(reads(&window, &said));
}

#[test]
fn trouble_comes_with_what_helps() {
    let mut snapshot = busy();
    let changed = TransferState::Stopped(Trouble::SourceChanged { path: "/data/report.pdf".into() });
    snapshot.transfers.push(Arc::new(transfer(9, "report.pdf", 2, 100, changed)));
    let mut window = with(snapshot);
    window.set_size([1180.0, 900.0].into());
    select(&mut window, "dataset");
    press(&mut window, words::MOVE);
    assert!(reads(&window, words::MOVE_TITLE));
    plain_key(&mut window, Key::Escape);
    select(&mut window, "report");
    press(&mut window, words::SHARE_AS_IT_IS);
    assert!(matches!(commands(&window)[..], [Command::Share(path)] if path == Path::new("/data/report.pdf")));
}
