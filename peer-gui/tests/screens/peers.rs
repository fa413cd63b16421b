//! The Peers screen.

use std::sync::Arc;

use sprat_peer_gui::model::engine::{PeerView, Snapshot, TransferState};
use sprat_peer_gui::model::screen::Screen;
use sprat_peer_gui::words;

use crate::common::{empty, person, transfer};
use crate::window::*;

fn met(peers: [Vec<PeerView>; 2]) -> Snapshot {
    let with = |n: u8, peers| {
        let one = transfer(n, "a.iso", 640, 55, TransferState::Downloading);
        Arc::new(sprat_api::TransferView { peers, ..one })
    };
    let [first, second] = peers;
    Snapshot { transfers: vec![with(1, first), with(2, second)], ..empty() }
}

#[test]
fn who_is_met_in_several_transfers_is_one_person() {
    let grace = |down, up| person(34, "Grace", down, up);
    let window = on(Screen::Peers, met([vec![grace(3 << 20, 0), person(21, "", 0, 0)], vec![grace(5 << 20, 1 << 20)]]));
    assert!(reads(&window, &words::people(1, 2)));
    assert!(reads(&window, "Grace") && reads(&window, words::NO_NAME) && reads(&window, words::LEFT));
    assert!(reads_part(&window, "8.0 MiB") && reads_part(&window, "1.0 MiB"));
}

#[test]
fn an_id_is_copied_whole() {
    let grace = person(34, "Grace", 1, 1);
    let mut window = on(Screen::Peers, met([vec![grace.clone()], Vec::new()]));
    press(&mut window, &words::copy_peer_id(&grace.peer_id.short()));
    assert_eq!(copied(&window), Some(grace.peer_id.to_string().as_str()));
    assert!(reads(&window, words::PEER_ID_COPIED));
}

#[test]
fn nobody_yet_says_who_will_be_here() {
    let window = on(Screen::Peers, empty());
    assert!(reads(&window, words::NO_PEERS_YET) && reads(&window, words::NO_PEERS_HINT));
}
