//! Answers to QUERY.

use std::collections::BTreeSet;
use std::net::IpAddr;

use sprat_chunking::FileId;
use sprat_protocol::PeerId;

use super::world::*;
use crate::config::Limits;
use crate::model::contact::Contact;
use crate::model::holding::Asker;
use crate::model::holding::Share;

#[test]
fn nobody_is_told_of_itself_and_no_seeder_of_seeders() {
    let mut world = World::new(Limits::default());
    for number in 1..=6 {
        world.register(number, &[share(1, number <= 3)]);
    }
    assert_eq!(world.told(None, file(1)), [1, 2, 3, 4, 5, 6]);
    assert_eq!(world.told(Some(9), file(1)), [1, 2, 3, 4, 5, 6]);
    assert_eq!(world.told(Some(4), file(1)), [1, 2, 3, 5, 6]);
    assert_eq!(world.told(Some(1), file(1)), [4, 5, 6]);
    let peers = world.query(None, file(1), 100).unwrap().peers;
    assert!(peers.iter().all(|info| info.complete == (info.peer_id.as_bytes()[0] <= 3)));
}

#[test]
fn everybody_is_told_about_as_often() {
    let mut world = World::new(Limits::default());
    for number in 0..20 {
        world.register(number, &[share(1, number % 2 == 0)]);
    }
    let mut told = [0u32; 20];
    for _ in 0..2000 {
        let peers = world.query(Some(19), file(1), 5).unwrap().peers;
        let distinct: BTreeSet<PeerId> = peers.iter().map(|info| info.peer_id).collect();
        assert_eq!(distinct.len(), 5);
        distinct.iter().for_each(|peer_id| told[usize::from(peer_id.as_bytes()[0])] += 1);
    }
    // 2000 × 5 / 19 = 526 each, with a standard deviation of about 20.
    assert_eq!(told[19], 0);
    assert!(told[..19].iter().all(|count| (426..626).contains(count)), "{told:?}");
}

#[test]
fn a_peer_that_the_asker_cannot_reach_is_not_told() {
    let mut world = World::new(Limits::default());
    world.register_from(1, IpAddr::from([127, 0, 0, 1]), &[share(1, true)]).unwrap();
    assert_eq!((world.told(None, file(1)), world.counts(file(1))), (vec![], (1, 0)));
}

#[test]
fn who_is_near_is_told_first_and_who_cannot_be_reached_last() {
    let mut world = World::new(Limits::default());
    for number in 1..=30 {
        let lan = [(IpAddr::from([192, 168, 0, number]), 4000).into()];
        let observed = if number <= 5 { address(77) } else { address(number) };
        world.register_at(number, Contact::new(observed, 4000, &lan), &[share(1, true)]).unwrap();
        world.swarms.set_reachable(peer(number), observed, number % 2 == 0);
    }
    let asker = Asker { peer_id: Some(peer(5)), address: address(77) };
    let told = world.query_from(asker, file(1), 100).unwrap().peers;
    assert!(told.is_empty(), "they are all seeders");
    let asker = Asker { peer_id: Some(peer(99)), address: address(77) };
    let told = world.query_from(asker, file(1), 100).unwrap().peers;
    let numbers: Vec<u8> = told.iter().map(|info| info.peer_id.as_bytes()[0]).collect();
    assert_eq!(numbers.len(), 30);
    let place = |number: &u8| if *number <= 5 { 0 } else { 1 + number % 2 };
    assert!(numbers.is_sorted_by_key(place), "{numbers:?}");
    assert!(!numbers.is_sorted());
    let with_lan = [(address(77), 4000).into(), (IpAddr::from([192, 168, 0, numbers[0]]), 4000).into()];
    assert_eq!(told[0].addresses, with_lan);
    assert_eq!(told[5].addresses, [(address(numbers[5]), 4000).into()]);
}

#[test]
fn several_files_are_answered_as_their_values_are_written() {
    let mut world = World::new(Limits::default());
    let names = ["a.iso", "\"quotes\" \\ and / slashes", "ｗｉｄｅ 🐟 \u{7f}\u{2028}", "tab\tnul\0"];
    let shares =
        (0..).zip(names).map(|(number, name)| Share { claim: claim(name, 1 << 30, 64), ..share(number, true) });
    let shares: Vec<Share> = shares.collect();
    let ids: Vec<FileId> = [9, 0, 1, 8, 2, 3].map(file).into();
    let contacts = [
        Contact::new(address(1), 1, &[]),
        Contact::new("2001:db8:1234:5678:9abc:def0:1234:5678".parse().unwrap(), 65_535, &[]),
        Contact::new("127.0.0.1".parse().unwrap(), 4000, &["[fe80::1]:4000".parse().unwrap()]),
    ];
    for (number, contact) in (1..).zip(contacts) {
        world.register_at(number, contact, &shares).unwrap();
    }
    for from in ["203.0.113.1", "127.0.0.1", "10.0.0.1"] {
        let asker = Asker { peer_id: None, address: from.parse().unwrap() };
        let found = world.swarms.query(world.now, &ids, asker, 100);
        assert_eq!(
            (found.unknown.as_slice(), found.unavailable.as_slice()),
            ([file(9), file(8)].as_slice(), [].as_slice())
        );
        let files = parse(&found);
        assert_eq!(files.iter().map(|info| info.name.as_str()).collect::<Vec<_>>(), names);
        for info in files {
            assert_eq!((info.size, info.chunk_size.bytes(), info.num_chunks), (1 << 30, 64 * 1024, 16_384));
            assert_eq!((info.seeders, info.leechers, info.peers.len()), (3, 0, 3));
        }
    }
    let none = world.swarms.query(world.now, &ids[1..3], Asker { peer_id: None, address: address(3) }, 0);
    assert!(parse(&none).iter().all(|info| info.peers.is_empty()));
}
