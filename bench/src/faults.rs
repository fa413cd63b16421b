//! The fault matrix: what can go wrong, made to go wrong with the real binaries and engines, and what must hold all the same.
//! `docs/reliability.md` has the table as it was measured last.
//!
//! - [`seeders`]: those who leave, lie, stall, or are somebody else. [`wire`]: frames that no peer sends, cables that are pulled.
//! - [`disk`]: disks that are full or gone, files that change, sizes at the edge. [`names`]: names and links that lead elsewhere.
//! - [`tracker`]: trackers that die, forged messages, damaged files. [`machine`]: clocks, limits of the system, crowds.
//! - [`addresses`]: a machine that gets another one. [`churn`]: what needs long.
//! - [`simulated`]: what needs virtual time. [`row`]: a row. [`world`]: what they share.

mod addresses;
mod churn;
mod disk;
mod machine;
mod names;
mod row;
mod seeders;
mod simulated;
mod tracker;
mod wire;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use anyhow::{Context, bail, ensure};

use row::{Measured, Row, Trial};

/// Options of `faults`: rows, thoroughness, and seed.
#[derive(clap::Args)]
pub(crate) struct Faults {
    /// The rows to run, all without it
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    rows: Vec<u32>,
    /// Few tries and small files, for a run of minutes
    #[arg(long)]
    quick: bool,
    /// The seed of all that is random, to see the same again; it is printed
    #[arg(long)]
    seed: Option<u64>,
}

const ROWS: &[&[Row]] = &[
    seeders::ROWS,
    wire::ROWS,
    disk::ROWS,
    names::ROWS,
    tracker::ROWS,
    machine::ROWS,
    addresses::ROWS,
    churn::ROWS,
    simulated::ROWS,
];

/// Prints one table.
pub(crate) fn run(args: &Faults) -> anyhow::Result<()> {
    let mut rows: Vec<&Row> = ROWS.iter().copied().flatten().collect();
    rows.sort_by_key(|row| row.number);
    if let Some(unknown) = args.rows.iter().find(|number| rows.iter().all(|row| row.number != **number)) {
        bail!("there is no row {unknown} here; see docs/reliability.md for where it is");
    }
    rows.retain(|row| args.rows.is_empty() || args.rows.contains(&row.number));
    let seed = args.seed.unwrap_or_else(rand::random);
    println!("--seed {seed}{}\n", if args.quick { " --quick" } else { "" });
    println!("| # | fault | must hold | measured | holds |");
    println!("| --- | --- | --- | --- | --- |");
    let mut broken = Vec::new();
    for row in rows {
        let start = Instant::now();
        let trial = Trial { quick: args.quick, seed: seed.wrapping_add(row.number.into()) };
        let (measured, holds) = match attempt(row, &trial) {
            Ok(Measured::Held(measured, true)) => (measured, "yes"),
            Ok(Measured::NotRun(reason)) => (reason, "not run"),
            Ok(Measured::Held(measured, false)) => (measured, "NO"),
            Err(error) => (format!("{error:#}").replace(['\n', '|'], " "), "NO"),
        };
        if holds == "NO" {
            broken.push(row.number.to_string());
        }
        println!("| {} | {} | {} | {measured} | {holds} |", row.number, row.fault, row.must);
        eprintln!("row {} took {:.0?}", row.number, start.elapsed());
    }
    ensure!(broken.is_empty(), "these rows do not hold: {}", broken.join(", "));
    Ok(())
}

/// Runs a row. What tests use panics when something does not come; here the row fails, and the next one is run.
fn attempt(row: &Row, trial: &Trial) -> anyhow::Result<Measured> {
    let panicked = |cause: Box<dyn std::any::Any + Send>| {
        let text = cause.downcast_ref::<String>().map(String::as_str).or(cause.downcast_ref::<&str>().copied());
        anyhow::anyhow!("{}", text.unwrap_or("it panicked").chars().take(300).collect::<String>())
    };
    catch_unwind(AssertUnwindSafe(|| (row.run)(trial)))
        .unwrap_or_else(|cause| Err(panicked(cause)))
        .context("it broke off")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that hold on a machine that has other work to do, too.
    const WITHOUT_HASTE: [u32; 10] = [8, 9, 11, 12, 13, 15, 16, 23, 24, 25];

    #[test]
    #[ignore = "takes minutes; some rows need root"]
    fn what_is_no_matter_of_speed_holds() {
        for row in ROWS.iter().copied().flatten().filter(|row| WITHOUT_HASTE.contains(&row.number)) {
            let trial = Trial { quick: true, seed: 1 };
            match attempt(row, &trial) {
                Ok(Measured::Held(measured, holds)) => assert!(holds, "row {}: {measured}", row.number),
                Ok(Measured::NotRun(reason)) => println!("row {}: {reason}", row.number),
                Err(error) => panic!("row {}: {error:#}", row.number),
            }
        }
    }

    #[test]
    fn no_row_is_there_twice() {
        let mut rows: Vec<_> = ROWS.iter().copied().flatten().map(|row| (row.number, row.fault)).collect();
        rows.sort_unstable();
        let before = rows.len();
        rows.dedup();
        assert_eq!(rows.len(), before);
    }

    #[test]
    fn a_row_that_panics_fails_and_ends_nothing_else() {
        let row = Row { number: 0, fault: "", must: "", run: |_| panic!("{} is wrong", 7) };
        let Err(error) = attempt(&row, &Trial { quick: true, seed: 1 }) else { panic!("it passed") };
        assert_eq!(format!("{error:#}"), "it broke off: 7 is wrong");
    }
}
