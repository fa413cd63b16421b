//! Forgetting of names.

use sprat_chunking::FileId;

use super::helpers::*;
use crate::catalogue::handle::{Catalogue, Settings};
use crate::catalogue::place::Place;
use crate::catalogue::prune::{Pass, Retention};
use crate::catalogue::queue::Put;
use crate::catalogue::writer::SEEN_WITHIN;

const DAY: u64 = 24 * 60 * 60;

/// Takes steps until a pass is done; returns how many and how many files were removed.
fn prune(catalogue: &Catalogue, retention: Retention, now: u64, alive: impl Fn(&FileId) -> bool) -> (usize, usize) {
    let (mut pass, mut steps) = (Pass::default(), 0);
    while !pass.done {
        let are_alive = |file_ids: &[FileId]| file_ids.iter().map(&alive).collect();
        pass = catalogue.prune(pass, &retention, now, are_alive).unwrap();
        catalogue.flush().wait_blocking().unwrap();
        steps += 1;
        assert!(steps < 100, "a pass must end");
    }
    (steps, pass.removed)
}

/// One file was last seen on each day.
fn one_a_day(days: u32) -> Catalogue {
    let catalogue = in_memory();
    for day in 0..days {
        catalogue.put(Put { unix_seconds: NOW + u64::from(day) * DAY, ..put(day, &format!("day {day}")) }).unwrap();
    }
    catalogue.flush().wait_blocking().unwrap();
    catalogue
}

#[test]
fn what_nobody_has_had_for_long_is_forgotten_unless_it_is_alive() {
    let catalogue = one_a_day(1200);
    let retention = Retention { seen_since: NOW + 1100 * DAY, most: usize::MAX };
    let now = NOW + 1200 * DAY;
    let (steps, removed) = prune(&catalogue, retention, now, |file_id| *file_id == id(5) || *file_id == id(700));
    assert_eq!((steps, removed, catalogue.len()), (3, 1098, 102));
    assert_eq!(catalogue.entry(id(700)).unwrap().unwrap().last_seen, now);
    assert_eq!(catalogue.entry(id(1099)).unwrap(), None);
    assert_eq!(catalogue.entry(id(1100)).unwrap().unwrap().last_seen, NOW + 1100 * DAY);
    assert_eq!(prune(&catalogue, retention, now, |_| false), (1, 0));
    assert_eq!(catalogue.check().unwrap_or(102), 102);
}

#[test]
fn of_too_many_those_go_that_were_seen_the_longest_ago() {
    let catalogue = one_a_day(1200);
    let retention = Retention { seen_since: 0, most: 100 };
    assert_eq!(prune(&catalogue, retention, NOW + 1200 * DAY, |file_id| *file_id == id(0)).1, 1100);
    assert_eq!(catalogue.len(), 100);
    assert!(catalogue.entry(id(0)).unwrap().is_some());
    assert!(catalogue.entry(id(1100)).unwrap().is_none());
    assert!(catalogue.entry(id(1101)).unwrap().is_some());
}

#[test]
fn a_pass_over_files_that_are_all_alive_ends() {
    let catalogue = in_memory();
    catalogue.fill((0..1700).map(|number| number.to_string()));
    let (steps, removed) = prune(&catalogue, Retention { seen_since: 0, most: 0 }, NOW + SEEN_WITHIN, |_| true);
    // Each is seen twice: at its old place and at its new one.
    assert_eq!((steps, removed, catalogue.len()), (7, 0, 1700));
}

#[test]
fn a_step_that_finds_no_room_is_gone_on_with_later() {
    let (catalogue, _) = Catalogue::open(Place::Memory, &Settings { queue: 30, ..settings() }).unwrap();
    catalogue.fill((0..100).map(|number| number.to_string()));
    let retention = Retention { seen_since: u64::MAX, most: 0 };
    let pass = catalogue.prune(Pass::default(), &retention, NOW, |file_ids| vec![false; file_ids.len()]).unwrap();
    assert_eq!((pass.removed, pass.done), (30, false));
    assert_eq!(prune(&catalogue, retention, NOW, |_| false).1, 100);
    assert!(catalogue.is_empty());
}
