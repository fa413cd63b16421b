//! Leases: their beginning and end, and what a peer holds meanwhile.

use sprat_chunking::ChunkSize;

use super::world::*;
use crate::config::Limits;
use crate::model::contact::Contact;
use crate::model::error::FileRefusal;
use crate::model::error::UnknownLease;
use crate::model::holding::Accepted;
use crate::model::holding::Share;
use crate::model::holding::Totals;

#[test]
fn a_lease_ends_when_nothing_renews_it() {
    let mut world = World::new(Limits::default());
    world.register(1, &[share(1, true), share(2, false)]);
    world.now += LEASE - SECOND;
    assert_eq!((world.told(None, file(1)), world.told(None, file(2))), (vec![1], vec![1]));
    world.now += SECOND;
    assert_eq!((world.told(None, file(1)), world.told(None, file(2))), (vec![], vec![]));
    assert_eq!(world.heartbeat(1, &[]), Err(UnknownLease));
    assert_eq!(world.unregister(1, None), Err(UnknownLease));
    world.expire();
    assert_eq!(world.query(None, file(1), 10), None);
    assert!(world.swarms.is_empty());
}

#[test]
fn one_heartbeat_renews_everything() {
    let mut world = World::new(Limits::default());
    let shares: Vec<Share> = (0..50).map(|number| share(number, true)).collect();
    world.register(1, &shares);
    for _ in 0..10 {
        world.now += LEASE - SECOND;
        world.heartbeat(1, &[]).unwrap();
    }
    assert!((0..50).all(|number| world.told(None, file(number)) == [1]));
    world.now += LEASE;
    world.expire();
    assert!(world.swarms.is_empty());
}

#[test]
fn a_heartbeat_makes_seeders_of_leechers() {
    let mut world = World::new(Limits::default());
    world.register(1, &[share(1, false), share(2, false)]);
    let renewal = world.heartbeat(1, &[file(9), file(1), file(8), file(1), file(9)]).unwrap();
    assert_eq!(renewal.unknown, [file(8), file(9)]);
    assert_eq!((world.counts(file(1)), world.counts(file(2)), world.counts(file(9))), ((1, 0), (0, 1), (0, 0)));
    assert_eq!(world.swarms.totals(), Totals { peers: 1, files: 2, seeders: 1, leechers: 1 });
}

#[test]
fn only_the_right_token_keeps_or_ends_a_lease() {
    let mut world = World::new(Limits::default());
    world.register(1, &[share(1, true)]);
    let token = world.tokens[&1];
    for wrong in [token ^ 1, token ^ (1 << 127), !token] {
        world.tokens.insert(1, wrong);
        assert_eq!(world.heartbeat(1, &[]), Err(UnknownLease));
        assert_eq!(world.unregister(1, None), Err(UnknownLease));
    }
    world.tokens.insert(1, token);
    world.register(1, &[]);
    assert_ne!(world.tokens[&1], token);
    world.heartbeat(1, &[]).unwrap();
    world.tokens.insert(1, token);
    assert_eq!(world.heartbeat(1, &[]), Err(UnknownLease));
}

#[test]
fn registering_again_adds_files_and_replaces_the_address() {
    let mut world = World::new(Limits::default());
    world.register(1, &[share(1, true)]);
    world.register_from(1, address(9), &[share(2, false), share(1, false)]).unwrap();
    let peers = world.query(None, file(1), 10).unwrap().peers;
    assert_eq!(peers[0].addresses, [(address(9), 4000).into()]);
    assert_eq!((world.counts(file(1)), world.counts(file(2))), ((0, 1), (0, 1)));
    world.heartbeat(1, &[]).unwrap();
    let peers = world.query(None, file(1), 10).unwrap().peers;
    assert_eq!(peers[0].addresses, [(address(1), 4000).into()]);
}

#[test]
fn unregister_takes_back_some_or_all() {
    let mut world = World::new(Limits::default());
    world.register(1, &[share(1, true), share(2, true), share(3, false)]);
    world.register(2, &[share(1, true)]);
    assert_eq!(world.unregister(1, Some(&[file(1), file(1), file(9)])), Ok(1));
    assert_eq!((world.told(None, file(1)), world.told(None, file(2))), (vec![2], vec![1]));
    assert_eq!(world.unregister(1, None), Ok(2));
    assert_eq!(world.unregister(1, None), Err(UnknownLease));
    assert_eq!(world.unregister(2, None), Ok(1));
    assert!(world.swarms.is_empty());
}

#[test]
fn a_liar_is_outvoted_whatever_others_call_the_file() {
    let mut world = World::new(Limits::default());
    let put = |world: &mut World, number, claim, complete| {
        world.register(number, &[Share { file_id: file(1), claim, complete }]);
    };
    let told = |world: &World| world.summary(file(1)).unwrap().claim;
    put(&mut world, 1, claim("evil", 1 << 30, 1024), true);
    put(&mut world, 2, claim("evil", 1 << 30, 1024), false);
    assert_eq!(told(&world), claim("evil", 1 << 30, 1024));
    put(&mut world, 3, claim("a", 300_000, 256), true);
    assert_eq!(told(&world), claim("evil", 1 << 30, 1024));
    put(&mut world, 4, claim("b", 300_000, 256), true);
    assert_eq!(told(&world).layout, claim("", 300_000, 256).layout);
    put(&mut world, 5, claim("b", 300_000, 256), true);
    assert_eq!(told(&world), claim("b", 300_000, 256));
    let late = Share { file_id: file(1), claim: claim("c", 300_000, 64), complete: true };
    assert_eq!(world.add(6, late), Ok(Accepted { chunk_size: ChunkSize::DEFAULT, is_news: false }));
}

#[test]
fn a_file_is_news_when_it_comes_and_when_most_claim_something_else() {
    let mut world = World::new(Limits::default());
    let news = |result: Result<Accepted, FileRefusal>| result.unwrap().is_news;
    let other = |name: &str, size| Share { file_id: file(1), claim: claim(name, size, 256), complete: true };
    assert!(news(world.add(1, share(1, true))));
    assert!(!news(world.add(1, share(1, false))));
    assert!(!news(world.add(2, share(1, true))));
    assert!(!news(world.add(3, other("name", 1))));
    assert!(news(world.add(4, other("name", 1))), "the layout of most seeders is another one");
    assert!(!news(world.add(5, other("b", 1))));
    assert!(!news(world.add(3, other("b", 1))), "as many claim the one name as the other, and the former is older");
    assert!(news(world.add(4, other("b", 1))));
    world.unregister(2, None).unwrap();
    assert!(!news(world.add(1, other("b", 1))), "all agree again");
}

#[test]
fn expiry_goes_in_steps() {
    let mut world = World::new(Limits::default());
    for number in 0..10 {
        world.register(number, &[share(1, true), share(2, true), share(3, number > 0)]);
    }
    world.now += LEASE;
    let now = world.swarms.leases.millis(world.now);
    let mut calls = 1;
    while world.swarms.clear(now, 4) {
        calls += 1;
        assert_eq!((world.told(None, file(1)), world.told(None, file(3))), (vec![], vec![]));
    }
    assert_eq!(calls, 10);
    assert!(world.swarms.is_empty());
}

#[test]
fn finding_that_leases_were_renewed_goes_in_steps() {
    let mut world = World::new(Limits::default());
    (0..10).for_each(|number| world.register(number, &[share(1, true)]));
    world.now += LEASE - SECOND;
    (1..10).for_each(|number| assert!(world.heartbeat(number, &[]).is_ok()));
    world.now += SECOND;
    let now = world.swarms.leases.millis(world.now);
    assert!(world.swarms.clear(now, 4));
    while world.swarms.clear(now, 4) {}
    assert_eq!(world.told(None, file(1)), (1..10).collect::<Vec<u8>>());
    assert_eq!(world.swarms.totals().peers, 9);
    assert!(!world.swarms.clear(now, 0), "nobody is looked at again before the renewed lease may be over");
    world.now += LEASE;
    world.expire();
    assert!(world.swarms.is_empty());
}

#[test]
fn a_peer_that_comes_back_before_it_was_cleared_starts_anew() {
    let mut world = World::new(Limits::default());
    let many: Vec<Share> = (0..=255).map(|number| share(number, true)).collect();
    (0..5).for_each(|number| world.register(number, &many));
    world.now += LEASE;
    world.register(4, &[share(2, true)]);
    assert_eq!((world.told(None, file(2)), world.told(None, file(3))), (vec![4], vec![]));
    world.expire();
    assert_eq!(world.swarms.totals(), Totals { peers: 1, files: 1, seeders: 1, leechers: 0 });
}

#[test]
fn what_is_removed_is_forgotten_wholly() {
    let mut world = World::new(Limits::default());
    for number in 0..=255 {
        world.register(number, &[share(1, true), share(2, number < 100)]);
    }
    world.swarms.remove_file(file(1));
    assert_eq!((world.query(None, file(1), 10), world.summary(file(1))), (None, None));
    assert_eq!(world.swarms.totals(), Totals { peers: 256, files: 1, seeders: 100, leechers: 156 });
    assert_eq!(world.heartbeat(7, &[file(1)]).unwrap().unknown, [file(1)]);
    world.swarms.remove_peer(peer(7));
    world.swarms.remove_peer(peer(7));
    assert_eq!(world.heartbeat(7, &[]), Err(UnknownLease));
    assert_eq!(world.swarms.totals(), Totals { peers: 255, files: 1, seeders: 99, leechers: 156 });
    assert_eq!(world.unregister(8, None), Ok(1));
    world.register(7, &[share(3, true)]);
    world.swarms.remove_file(file(2));
    world.swarms.remove_file(file(3));
    world.now += LEASE;
    world.expire();
    assert!(world.swarms.is_empty());
}

#[test]
fn whether_a_peer_can_be_reached_holds_for_its_address_only() {
    let mut world = World::new(Limits::default());
    let contact = |number, port| Contact::new(address(number), port, &[]);
    let reachable = |world: &mut World, contact| world.register_at(1, contact, &[]).unwrap().0.reachable;
    assert_eq!(reachable(&mut world, contact(1, 4000)), None);
    world.swarms.set_reachable(peer(1), address(2), true);
    world.swarms.set_reachable(peer(2), address(1), true);
    assert_eq!(world.heartbeat(1, &[]).unwrap().reachable, None);
    for answer in [true, false] {
        world.swarms.set_reachable(peer(1), address(1), answer);
        assert_eq!(world.heartbeat(1, &[]).unwrap().reachable, Some(answer));
    }
    let lan = Contact::new(address(1), 4000, &["10.0.0.1:4000".parse().unwrap()]);
    assert_eq!(reachable(&mut world, lan), Some(false), "it is where it was");
    assert_eq!(reachable(&mut world, contact(1, 4001)), None);
    world.swarms.set_reachable(peer(1), address(1), true);
    assert_eq!(world.heartbeat_from(1, address(2), &[]).unwrap().reachable, None);
    world.swarms.set_reachable(peer(1), address(1), true);
    assert_eq!(world.heartbeat_from(1, address(2), &[]).unwrap().reachable, None);
}
