//! A long day: peers come and go, and throw the file away and want it again, and nothing grows.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::runtime::Handle;
use tokio::time::sleep;

use crate::network::Weather;
use crate::number;
use crate::plan::{Event, Plan};
use crate::swarm::{Swarm, in_virtual_time};

const PEERS: usize = 20;
/// Number of peers of a hundred that leave, or come, in a minute.
const CHURN: u32 = 5;
const MINUTE: Duration = Duration::from_secs(60);
/// Length of the day in hours, unless somebody wants it whole: `SPRAT_HOURS=24 cargo test -p sprat-tests --test
/// simulator churn -- --ignored --nocapture`.
const HOURS: u64 = 6;
/// Bytes by which memory may grow in an hour.
const GROWTH: f64 = 1024.0 * 1024.0;

#[test]
#[ignore = "its memory is measured, so it has a process to itself"]
fn nothing_grows_while_peers_come_and_go() {
    let (seed, hours) = (number("SPRAT_SEED").unwrap_or(26), number("SPRAT_HOURS").unwrap_or(HOURS));
    let latency = Duration::from_millis(30);
    let weather = Weather { latency, jitter: Duration::from_millis(10), lost_of_1000: 5, rate: 1_000_000 };
    let wanted = vec![Duration::ZERO; PEERS - 1];
    let plan = Plan { seed, weather, size: 600_000, seeders: 1, wanted, liars: Vec::new(), events: Vec::new() };
    let (memory, tasks) = in_virtual_time(&plan, async |swarm| {
        swarm.start_all().await;
        let (mut rng, mut memory, mut tasks) = (StdRng::seed_from_u64(seed), Vec::new(), Vec::new());
        for _ in 0..hours {
            for _ in 0..60 {
                churn(swarm, &mut rng).await;
                sleep(MINUTE).await;
                swarm.listen();
            }
            memory.push(resident());
            let running = (0..PEERS).filter(|n| swarm.runs(*n)).count();
            tasks.push((running, Handle::current().metrics().num_alive_tasks()));
        }
        swarm.start_all().await;
        swarm.until(MINUTE * 5, |swarm| swarm.have_it(1)).await;
        swarm.end(&plan).await;
        (memory, tasks)
    });
    println!(
        "measured: {hours} h, seed {seed}: MiB {:?}, peers that run and tasks {tasks:?}",
        memory.iter().map(|b| b / 1048576).collect::<Vec<_>>()
    );
    for (running, tasks) in tasks {
        assert!(tasks <= running * (running + 10), "{tasks} tasks of {running} peers");
    }
    // The first half is for what grows once.
    let half = memory.len() / 2;
    if let [first, .., last] = &memory[half..] {
        let slope = (*last as f64 - *first as f64) / (memory.len() - 1 - half) as f64;
        println!("measured: {:.2} MiB an hour", slope / 1048576.0);
        assert!(slope < GROWTH, "{slope} bytes an hour");
    }
}

async fn churn(swarm: &mut Swarm, rng: &mut StdRng) {
    for n in 1..PEERS {
        if rng.random_range(0..100) < CHURN {
            swarm.happen(if swarm.runs(n) { Event::Left(n) } else { Event::Came(n) }).await;
        } else if rng.random_range(0..100) < CHURN {
            swarm.wants_it_again(n).await;
        }
    }
}

/// Bytes of this process in memory; 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: Option<u64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kib.unwrap_or(0) * 1024
}
