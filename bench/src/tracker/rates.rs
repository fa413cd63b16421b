//! Rates of requests, how long each takes, and at what cost: the tracker, and beside it in the same run a web server
//! with an answer of the same length and a BitTorrent tracker with the same files and peers.

use std::time::Duration;

use super::generator::{self, Round, WARM_UP};
use super::numbers::{median, percentile};
use super::options::Tracker;
use super::servers::{self, Server};
use super::works::{self, Work};
use super::world::World;

/// For each connection so many peers register over and over.
const NEWCOMERS: usize = 16;
/// Seconds that each kind of work lasts in a round, unless somebody says otherwise.
const SECONDS: f64 = 1.0;

/// Prints one table.
pub(crate) fn run(args: &Tracker) -> anyhow::Result<()> {
    let swarm = args.swarm();
    let mut world = World::new(args.files(), swarm, args.connections.max(1), NEWCOMERS);
    let flags = args.flags();
    let sprat = servers::sprat(&flags.iter().map(String::as_str).collect::<Vec<_>>())?;
    servers::ready(&sprat)?;
    eprintln!("registering {} peers with {} files each", world.peers.len(), swarm);
    world.register(&sprat)?;
    let answer_len = works::query(&sprat, &world).check()?;
    let nginx = servers::nginx(answer_len)?;
    let aquatic = servers::aquatic()?;
    if let Some(aquatic) = &aquatic {
        eprintln!("announcing as many to {}", aquatic.name);
        generator::send_all(aquatic, &works::all_announces(aquatic, &world, swarm))?;
    }
    let mut rows = rows(&world, &sprat, nginx.as_ref(), aquatic.as_ref());
    for row in &rows {
        row.work.check()?;
    }
    let time = Duration::from_secs_f64(args.seconds.unwrap_or(SECONDS));
    for round in 0..args.rounds.max(1) {
        // In turns, so that what else happens on the machine meanwhile meets all of them.
        for row in &mut rows {
            eprintln!("round {} of {}: {}, {}", round + 1, args.rounds.max(1), row.work.server.name, row.work.title);
            let script = (row.work.script)((WARM_UP + time).as_secs_f64());
            row.rounds.push(generator::load(row.work.server, &script, time)?);
        }
    }
    print(&rows, answer_len);
    Ok(())
}

/// A kind of work, and how it went in each round.
struct Row<'a> {
    work: Work<'a>,
    rounds: Vec<Round>,
}

fn rows<'a>(
    world: &'a World,
    sprat: &'a Server,
    nginx: Option<&'a Server>,
    aquatic: Option<&'a Server>,
) -> Vec<Row<'a>> {
    let compared = [nginx.map(|nginx| works::fixed(nginx, world)), aquatic.map(|it| works::announce(it, world))];
    let ours = [works::query, works::heartbeat, works::register, works::register_all, works::search, works::mix];
    let works = compared.into_iter().flatten().chain(ours.map(|work| work(sprat, world)));
    works.map(|work| Row { work, rounds: Vec::new() }).collect()
}

fn print(rows: &[Row<'_>], answer_len: usize) {
    println!(
        "| work | requests/s | p50, ms | p99, ms | p99.9, ms | CPU s / 100 k, server | the same, load | peak RSS, MiB | ÷ nginx | ÷ aquatic_http |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let beside = |name: &str| rows.iter().find(|row| row.work.server.name.starts_with(name));
    let (nginx, aquatic) = (beside("nginx"), beside("aquatic_http"));
    for row in rows {
        let [p50, p99, p999] = row.latencies([0.5, 0.99, 0.999]);
        let Work { title, server, .. } = &row.work;
        let rate = median(row.rounds.iter().map(Round::rate));
        let [cpu, own_cpu] = [row.per_100_k(|round| round.server_cpu), row.per_100_k(|round| round.own_cpu)];
        let [to_nginx, to_aquatic] = [nginx, aquatic].map(|other| row.ratio(other));
        println!(
            "| {}: {title} | {rate:.0} | {p50:.2} | {p99:.2} | {p999:.2} | {cpu:.2} | {own_cpu:.2} | {:.0} | {to_nginx} | {to_aquatic} |",
            server.name,
            server.usage().rss
        );
    }
    println!("\nThe answer to QUERY, and nginx's, has {answer_len} bytes.");
    for (program, row) in [("nginx", nginx), ("aquatic_http", aquatic)] {
        if row.is_none() {
            println!("{program} is not installed.");
        }
    }
}

impl Row<'_> {
    /// These percentiles over all rounds, in milliseconds.
    fn latencies<const N: usize>(&self, shares: [f64; N]) -> [f64; N] {
        let mut all: Vec<u32> = self.rounds.iter().flat_map(|round| &round.latencies).copied().collect();
        all.sort_unstable();
        shares.map(|share| f64::from(percentile(&all, share)) / 1e3)
    }

    /// Seconds of CPU for 100,000 requests, over all rounds.
    fn per_100_k(&self, cpu: impl Fn(&Round) -> f64) -> f64 {
        let answers: usize = self.rounds.iter().map(|round| round.answers).sum();
        self.rounds.iter().map(cpu).sum::<f64>() / answers as f64 * 1e5
    }

    /// Comparison with another rate: the ratio in each round, of which the middle one counts.
    fn ratio(&self, other: Option<&Self>) -> String {
        let Some(other) = other else { return String::new() };
        let ratios = self.rounds.iter().zip(&other.rounds).map(|(own, others)| own.rate() / others.rate());
        format!("{:.2}", median(ratios))
    }
}
