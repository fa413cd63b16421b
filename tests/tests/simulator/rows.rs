//! Single faults, and how long it takes until they are over.

use std::time::Duration;

use tokio::time::sleep;

use crate::network::Weather;
use crate::number;
use crate::plan::{Event, Plan};
use crate::swarm::{Swarm, in_virtual_time};

/// A seeder and a leecher, which needs ten seconds for the file.
fn two(seed: u64) -> Plan {
    let latency = Duration::from_millis(20);
    let weather = Weather { latency, jitter: Duration::from_millis(5), lost_of_1000: 0, rate: 300_000 };
    let (wanted, liars, events) = (vec![Duration::ZERO], Vec::new(), Vec::new());
    Plan { seed, weather, size: 3_000_000, seeders: 1, wanted, liars, events }
}

/// Both run, and the second has a part of the file.
async fn under_way(swarm: &mut Swarm) {
    swarm.start_all().await;
    swarm.until(Duration::from_secs(20), |swarm| swarm.verified(1) > 0).await;
}

/// Time after this until more of the file comes.
async fn goes_on(swarm: &mut Swarm, limit: Duration) -> Duration {
    let before = swarm.verified(1);
    assert!(before < 3_000_000, "there was nothing left to wait for");
    swarm.until(limit, |swarm| swarm.verified(1) > before).await
}

#[test]
fn a_partition_that_heals_is_over_within_15_seconds() {
    for (seed, ways) in (0..).zip([&[(0, 1)][..], &[(1, 0)], &[(0, 1), (1, 0)]]) {
        let took = in_virtual_time(&two(number("SPRAT_SEED").unwrap_or(0) + seed), async |swarm| {
            under_way(swarm).await;
            for (from, to) in ways {
                swarm.happen(Event::Blocked(*from, *to)).await;
            }
            sleep(Duration::from_secs(60)).await;
            swarm.net.heal();
            goes_on(swarm, Duration::from_secs(15)).await
        });
        println!("measured: blocked for 60 s {ways:?}: on again after {:.1} s", took.as_secs_f64());
    }
}

#[test]
fn a_connection_that_fell_silent_is_given_up_within_two_minutes_by_both() {
    let took = in_virtual_time(&two(number("SPRAT_SEED").unwrap_or(3)), async |swarm| {
        under_way(swarm).await;
        swarm.net.cut(swarm.ip(0), true);
        assert!(swarm.net.dead_and_held() > 0, "there is a connection");
        swarm.until(Duration::from_secs(120), |swarm| swarm.net.dead_and_held() == 0).await
    });
    println!("measured: given up after {:.1} s", took.as_secs_f64());
}

#[test]
fn a_seeder_that_comes_back_is_found_within_10_seconds() {
    for away in [1, 5, 30, 120, 600] {
        let took = in_virtual_time(&two(number("SPRAT_SEED").unwrap_or(4)), async |swarm| {
            under_way(swarm).await;
            swarm.happen(Event::Left(0)).await;
            sleep(Duration::from_secs(away)).await;
            swarm.happen(Event::Came(0)).await;
            goes_on(swarm, Duration::from_secs(10)).await
        });
        println!("measured: away for {away} s: on again after {:.1} s", took.as_secs_f64());
    }
}

#[test]
fn a_machine_that_slept_for_ten_minutes_is_on_again_within_15_seconds() {
    for sleeper in [0, 1] {
        let took = in_virtual_time(&two(number("SPRAT_SEED").unwrap_or(5)), async |swarm| {
            under_way(swarm).await;
            for other in [0, 1].into_iter().filter(|other| *other != sleeper) {
                swarm.happen(Event::Blocked(sleeper, other)).await;
                swarm.happen(Event::Blocked(other, sleeper)).await;
            }
            sleep(Duration::from_secs(600)).await;
            swarm.net.heal();
            goes_on(swarm, Duration::from_secs(15)).await
        });
        println!("measured: peer {sleeper} away for ten minutes: on again after {:.1} s", took.as_secs_f64());
    }
}

/// Moves a peer of a swarm, of which the second fetches the file; gives how long it takes until more of it comes.
async fn moves(swarm: &mut Swarm, mover: usize) -> Duration {
    under_way(swarm).await;
    let address = |swarm: &Swarm| format!("{}:4000", swarm.ip(mover));
    let before = address(swarm);
    swarm.happen(Event::Moved(mover)).await;
    let now = address(swarm);
    // What is here and not yet written is no news.
    let arrives = Duration::from_secs(1);
    sleep(arrives).await;
    let took = arrives + goes_on(swarm, Duration::from_secs(15) - arrives).await;
    swarm.until(Duration::from_secs(1), |swarm| swarm.linked(mover).contains(&now)).await;
    assert!(!swarm.named().await.contains(&before), "the tracker names where it was");
    swarm.until(Duration::from_secs(30), |swarm| swarm.have_it(1)).await;
    took
}

#[test]
fn a_machine_whose_address_changes_is_on_again_within_15_seconds() {
    let first = number("SPRAT_SEED").unwrap_or(6);
    for (mover, knows_only) in [(0, false), (1, false), (0, true), (1, true)] {
        // Of two peers, the one or the other has the lower ID.
        let took = (first..first + 4).map(|seed| {
            in_virtual_time(&two(seed), async |swarm| {
                if knows_only {
                    swarm.knows_only(1, 0);
                }
                moves(swarm, mover).await
            })
        });
        let (took, found) =
            (took.max().unwrap_or_default(), if knows_only { "by its address" } else { "by a tracker" });
        let who = ["the seeder", "the leecher"][mover];
        println!("measured: {who}, found {found}, at another address: on again after {:.1} s", took.as_secs_f64());
    }
}

#[test]
fn a_seeder_that_moves_is_found_again_by_who_cannot_be_dialled() {
    let first = number("SPRAT_SEED").unwrap_or(9);
    let took = (first..first + 8).map(|seed| {
        in_virtual_time(&two(seed), async |swarm| {
            swarm.net.hide(swarm.ip(1));
            moves(swarm, 0).await
        })
    });
    let took = took.max().unwrap_or_default().as_secs_f64();
    println!("measured: the seeder at another address, the leecher behind a router: on again after {took:.1} s");
}

#[test]
fn links_name_where_a_machine_is_now_also_when_nobody_is_connected() {
    in_virtual_time(&two(number("SPRAT_SEED").unwrap_or(8)), async |swarm| {
        swarm.happen(Event::Came(0)).await;
        sleep(Duration::from_secs(60)).await;
        swarm.happen(Event::Moved(0)).await;
        let now = [format!("{}:4000", swarm.ip(0))];
        swarm.until(Duration::from_secs(6), |swarm| swarm.linked(0) == now).await;
        sleep(Duration::from_secs(1)).await;
        assert_eq!(swarm.named().await, now);
    });
}

#[test]
fn a_peer_that_a_link_and_a_tracker_name_is_met_once_and_at_once() {
    let first = number("SPRAT_SEED").unwrap_or(10);
    let mut took: Vec<Duration> = (first..first + 100)
        .map(|seed| {
            in_virtual_time(&Plan { size: 1024, ..two(seed) }, async |swarm| {
                swarm.happen(Event::Came(0)).await;
                // As long as it takes to be named by the tracker.
                swarm.until(Duration::from_secs(5), |swarm| !swarm.linked(0).is_empty()).await;
                sleep(Duration::from_secs(1)).await;
                assert_eq!(swarm.named().await.len(), 1, "seed {seed}");
                swarm.knows(1, 0);
                swarm.happen(Event::Came(1)).await;
                swarm.until(Duration::from_secs(10), |swarm| swarm.have_it(1)).await
            })
        })
        .collect();
    took.sort_unstable();
    println!("measured: median {:?}, longest {:?} of {}", took[took.len() / 2], took[took.len() - 1], took.len());
    // Some ten ways over the cable, and the times at which the swarm is looked at.
    assert!(took.iter().all(|took| *took < Duration::from_millis(700)), "{:?}", &took[took.len() - 5..]);
}

#[test]
fn what_is_dialled_from_an_address_that_is_gone_is_dialled_anew() {
    for wait in 0..12 {
        let took = in_virtual_time(&two(number("SPRAT_SEED").unwrap_or(7)), async |swarm| {
            swarm.happen(Event::Blocked(1, 0)).await;
            swarm.start_all().await;
            sleep(Duration::from_secs(wait)).await;
            swarm.happen(Event::Moved(1)).await;
            goes_on(swarm, Duration::from_secs(9)).await
        });
        println!("moved {wait} s after it began to dial: there after {:.1} s", took.as_secs_f64());
    }
}
