//! Limits at their edge.

use sprat_chunking::ChunkSize;

use super::world::*;
use crate::config::Limits;
use crate::model::contact::Contact;
use crate::model::error::FileRefusal;
use crate::model::error::PeerRefusal;
use crate::model::holding::Accepted;
use crate::model::holding::Totals;

#[test]
fn limits_on_peers_hold_at_their_edge() {
    let limits = Limits { peers: 3, peers_per_address: 2, network_share: 100, ..Limits::default() };
    let mut world = World::new(limits);
    world.register_from(1, address(1), &[]).unwrap();
    world.register_from(2, address(1), &[]).unwrap();
    assert_eq!(world.register_from(3, address(1), &[]), Err(PeerRefusal::AddressFull));
    world.register_from(2, address(1), &[]).unwrap();
    world.register_from(3, address(3), &[]).unwrap();
    assert_eq!(world.register_from(4, address(4), &[]), Err(PeerRefusal::TrackerFull));
    assert_eq!(world.register_from(3, address(1), &[]), Err(PeerRefusal::AddressFull));
    // A heartbeat from a full network keeps the lease, and the address as it was.
    world.register_from(3, address(3), &[share(1, true)]).unwrap();
    world.heartbeat_from(3, address(1), &[]).unwrap();
    assert_eq!(world.query(None, file(1), 10).unwrap().peers[0].addresses, [(address(3), 4000).into()]);
    world.unregister(1, None).unwrap();
    world.register_from(4, address(1), &[]).unwrap();
    world.now += LEASE;
    world.register_from(5, address(1), &[]).unwrap();
}

#[test]
fn a_peer_that_moves_counts_where_it_is() {
    let mut world = World::new(Limits { peers_per_address: 1, ..Limits::default() });
    world.register(1, &[]);
    world.heartbeat_from(1, address(2), &[]).unwrap();
    assert_eq!(world.register_from(2, address(2), &[]), Err(PeerRefusal::AddressFull));
    world.register_from(2, address(1), &[]).unwrap();
    world.register_from(1, address(3), &[]).unwrap();
    world.register_from(3, address(2), &[]).unwrap();
    for number in 1..=3 {
        world.unregister(number, None).unwrap();
    }
    assert!(world.swarms.is_empty());
}

#[test]
fn limits_on_files_hold_at_their_edge() {
    let accepted = |is_news| Ok(Accepted { chunk_size: ChunkSize::DEFAULT, is_news });
    let edge = |limits: Limits, refusal: FileRefusal| {
        let mut world = World::new(limits);
        world.register(1, &[share(1, true)]);
        world.register(2, &[share(1, true), share(2, true)]);
        world.register(3, &[]);
        assert_eq!(world.add(2, share(2, false)), accepted(false), "what is there may be replaced");
        assert_eq!(world.add(2, share(3, true)), Err(refusal));
        assert_eq!(world.swarms.totals(), Totals { peers: 3, files: 2, seeders: 2, leechers: 1 });
        world
    };
    edge(Limits { files_per_peer: 2, ..Limits::default() }, FileRefusal::PeerFull);
    let mut world = edge(Limits { files: 2, ..Limits::default() }, FileRefusal::TrackerFull);
    assert_eq!(world.add(3, share(1, true)), accepted(false));
    let mut world = edge(Limits { holdings: 3, network_share: 100, ..Limits::default() }, FileRefusal::TrackerFull);
    assert_eq!(world.add(3, share(1, true)), Err(FileRefusal::TrackerFull));
    world.unregister(1, None).unwrap();
    assert_eq!(world.add(3, share(1, true)), accepted(false));

    let mut world = World::new(Limits { peers_per_swarm: 2, ..Limits::default() });
    (1..=2).for_each(|number| world.register(number, &[share(1, true)]));
    world.register(3, &[share(2, true)]);
    assert_eq!(world.add(3, share(1, true)), Err(FileRefusal::SwarmFull));
}

#[test]
fn a_refused_file_leaves_the_others_as_they_are() {
    let mut world = World::new(Limits { files_per_peer: 2, ..Limits::default() });
    let shares = [share(1, true), share(1, false), share(2, true), share(3, true), share(2, false)];
    let (_, offers) = world.register_at(1, Contact::new(address(1), 4000, &[]), &shares).unwrap();
    let results: Vec<_> = offers.iter().map(|offer| offer.outcome).collect();
    let expected = [Ok(true), Ok(false), Ok(true), Err(FileRefusal::PeerFull), Ok(false)];
    assert_eq!(results.into_iter().map(|result| result.map(|accepted| accepted.is_news)).collect::<Vec<_>>(), expected);
    assert_eq!(world.swarms.totals(), Totals { peers: 1, files: 2, seeders: 0, leechers: 2 });
}

/// Addresses of one network, and one elsewhere.
const ELSEWHERE: [u8; 4] = [198, 51, 100, 1];

#[test]
fn one_network_has_its_share_of_all_peers() {
    let mut world = World::new(Limits { peers: 4, ..Limits::default() });
    world.register_from(1, address(1), &[]).unwrap();
    world.register_from(2, address(2), &[]).unwrap();
    assert_eq!(world.register_from(3, address(3), &[]), Err(PeerRefusal::NetworkFull));
    world.register_from(2, address(4), &[]).unwrap();
    world.register_from(3, ELSEWHERE.into(), &[]).unwrap();
    assert_eq!(world.register_from(3, address(3), &[]), Err(PeerRefusal::NetworkFull), "nor does it move there");
    world.heartbeat_from(3, address(3), &[]).unwrap();
    world.register_from(4, ELSEWHERE.into(), &[]).unwrap();
    world.unregister(1, None).unwrap();
    world.register_from(3, address(3), &[]).unwrap();
    for number in 2..=4 {
        world.unregister(number, None).unwrap();
    }
    assert!(world.swarms.is_empty());
}

#[test]
fn one_network_has_its_share_of_all_holdings() {
    let mut world = World::new(Limits { holdings: 4, ..Limits::default() });
    world.register(1, &[share(1, true)]);
    world.register(2, &[share(1, true)]);
    assert_eq!(world.add(3, share(1, true)), Err(FileRefusal::NetworkFull));
    assert_eq!(world.add(2, share(1, false)).map(|_| ()), Ok(()), "what is there may be replaced");
    let elsewhere = Contact::new(ELSEWHERE.into(), 4000, &[]);
    let (_, offers) = world.register_at(4, elsewhere, &[share(1, true), share(2, true), share(3, true)]).unwrap();
    let outcomes: Vec<_> = offers.iter().map(|offer| offer.outcome.map(|_| ())).collect();
    assert_eq!(outcomes, [Ok(()), Ok(()), Err(FileRefusal::NetworkFull)]);
    // Who moves takes what it holds along.
    assert_eq!(world.register_from(1, ELSEWHERE.into(), &[]), Err(PeerRefusal::NetworkFull));
    world.unregister(4, Some(&[file(2)])).unwrap();
    world.register_from(1, ELSEWHERE.into(), &[]).unwrap();
    assert_eq!(world.add(3, share(1, true)).map(|_| ()), Ok(()), "it left room behind");
    world.now += LEASE;
    world.expire();
    assert!(world.swarms.is_empty());
}

#[test]
fn the_trackers_own_machine_has_no_share() {
    let mut world = World::new(Limits { peers: 2, ..Limits::default() });
    world.register_from(1, [127, 0, 0, 1].into(), &[]).unwrap();
    world.register_from(2, [127, 0, 0, 1].into(), &[]).unwrap();
}
