use sprat_protocol::wire::{Hello, WIRE_VERSION};
use tokio::io::duplex;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::wire::handshake::framed;
use crate::wire::remote::Ends;

const LOWER: PeerId = PeerId::new([1; 32]);
const HIGHER: PeerId = PeerId::new([2; 32]);

fn connection(key: u64, peer_id: PeerId, own: Option<&str>, dialled: bool) -> Arc<Connection> {
    let (addr, own) = ("10.0.0.9:1234".parse().unwrap(), own.map(|own| own.parse().unwrap()));
    let hello = Hello { version: WIRE_VERSION, peer_id, agent: String::new(), port: 4000, name: String::new() };
    let streams = framed(duplex(1).0);
    Connection::new(key, &hello, Ends { addr, own, dialled }, streams, CancellationToken::new()).0
}

fn pool(connections: &[Arc<Connection>]) -> Pool {
    let pool = Pool::new(10, &BanList::default());
    for connection in connections {
        pool.adopt(PeerId::new([0; 32]), connection).unwrap();
    }
    pool
}

#[test]
fn of_two_that_dialled_at_once_both_keep_what_the_lower_dialled() {
    for (own, other, dialled, keeps) in [
        (LOWER, HIGHER, true, true),
        (LOWER, HIGHER, false, false),
        (HIGHER, LOWER, true, false),
        (HIGHER, LOWER, false, true),
    ] {
        let pool = pool(&[connection(0, other, None, dialled)]);
        assert_eq!(pool.preferred(clock::now(), own, other, !dialled).is_some(), keeps, "{own} {dialled}");
        // A second connection from the same side: a side that dials keeps the first, a side that is dialled takes the
        // second.
        assert_eq!(pool.preferred(clock::now(), own, other, dialled).is_some(), dialled);
    }
}

#[test]
fn who_is_dialled_long_after_it_dialled_takes_the_new_connection() {
    let existing = connection(0, HIGHER, None, true);
    let later = existing.since + CROSSING;
    let pool = pool(&[existing]);
    assert!(pool.preferred(later - Duration::from_millis(1), LOWER, HIGHER, false).is_some());
    assert!(pool.preferred(later, LOWER, HIGHER, false).is_none());
    assert!(pool.preferred(later, LOWER, HIGHER, true).is_some(), "who has one needs no other");
}

#[test]
fn of_an_address_that_is_gone_every_connection_goes_and_no_other() {
    let (gone, here) = ("10.0.0.1", "127.0.0.1");
    let all = [(1, Some(gone), true), (2, Some(gone), false), (3, Some(here), true), (4, None, false)];
    let all = all.map(|(n, own, dialled)| connection(n.into(), PeerId::new([n; 32]), own, dialled));
    let pool = pool(&all);
    let left = pool.leave(&[gone.parse().unwrap()]);
    assert_eq!(all.each_ref().map(|connection| connection.is_closed()), [true, true, false, false]);
    // A peer that was dialled listens at that address; a peer that dialled listens at the port of its HELLO.
    let listens = ["10.0.0.9:1234", "10.0.0.9:4000"].map(|addr| addr.parse().unwrap());
    assert_eq!(left, [(PeerId::new([1; 32]), listens[0]), (PeerId::new([2; 32]), listens[1])]);
}
