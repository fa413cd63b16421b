//! Whole swarms in virtual time: real engines and a real tracker on a simulated network, with what chance does to them.
//!
//! ```text
//! SPRAT_SEED=123 cargo test -p sprat-tests --test simulator    # that swarm alone
//! SPRAT_SEEDS=100000 cargo test -p sprat-tests --test simulator    # as many
//! ```

#![expect(clippy::print_stdout, reason = "what was measured is for whoever wants to read it")]

mod churn;
mod network;
mod plan;
mod rows;
mod swarm;
mod tracker;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use plan::Plan;
use swarm::{Outcome, live};

/// Number of swarms, unless somebody wants more.
const SEEDS: u64 = 1000;

#[test]
fn whatever_happens_everybody_gets_the_file_and_nothing_is_left_running() {
    if let Some(seed) = number("SPRAT_SEED") {
        let plan = Plan::of(seed);
        println!("{plan:#?}");
        println!("{:#?}", live(&plan));
        return;
    }
    let (seeds, next, worst) =
        (number("SPRAT_SEEDS").unwrap_or(SEEDS), AtomicU64::new(0), Mutex::new(None::<(Outcome, u64)>));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    let lived = catch_unwind(AssertUnwindSafe(|| live(&Plan::of(seed))));
                    let Ok(outcome) = lived else {
                        next.store(seeds, Ordering::Relaxed);
                        panic!("again: SPRAT_SEED={seed} cargo test -p sprat-tests --test simulator");
                    };
                    let mut worst = worst.lock().expect("nobody panics with it");
                    if worst.is_none_or(|(before, _)| before.took < outcome.took) {
                        *worst = Some((outcome, seed));
                    }
                }
            });
        }
    });
    let (outcome, seed) = worst.into_inner().expect("nobody panics with it").expect("there was one");
    println!("{seeds} swarms; the longest took {:.1} s, seed {seed}", outcome.took.as_secs_f64());
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 0..20 {
        let plan = Plan::of(seed);
        assert_eq!(live(&plan), live(&plan), "seed {seed}");
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}
