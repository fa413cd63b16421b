//! Faults that take too long, or are nobody's to make happen here: in virtual time, see `tests/tests/simulator`.

use std::process::Command;

use super::row::{Measured, Row, Trial};

/// First words of those lines of the simulator's tests that are for the table.
const MEASURED: &str = "measured: ";

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 18,
        fault: "partition 60 s, also one-way",
        must: "both sides go on; healed ≤ 15 s",
        run: |trial| simulate(trial, "rows::a_partition_that_heals_is_over_within_15_seconds"),
    },
    Row {
        number: 22,
        fault: "suspend 10 min (virtual)",
        must: "reconnected ≤ 15 s",
        run: |trial| simulate(trial, "rows::a_machine_that_slept_for_ten_minutes_is_on_again_within_15_seconds"),
    },
    Row {
        number: 22,
        fault: "the machine gets another address (virtual)",
        must: "reconnected ≤ 15 s",
        run: |trial| simulate(trial, "rows::a_machine_whose_address_changes_is_on_again_within_15_seconds"),
    },
    Row {
        number: 22,
        fault: "the sharer's machine gets another address, and the downloader cannot be dialled (virtual)",
        must: "reconnected ≤ 15 s",
        run: |trial| simulate(trial, "rows::a_seeder_that_moves_is_found_again_by_who_cannot_be_dialled"),
    },
    Row {
        number: 26,
        fault: "24 h at 5 % churn a minute (virtual)",
        must: "RSS slope < 1 MiB/h; no task, file or socket leaked",
        run: |trial| simulate(trial, "churn::nothing_grows_while_peers_come_and_go"),
    },
];

/// Runs one test of the simulator, and takes what it measured.
fn simulate(trial: &Trial, test: &str) -> anyhow::Result<Measured> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["test", "--quiet", "-p", "sprat-tests", "--test", "simulator", "--", "--include-ignored"]);
    command.args(["--nocapture", "--exact", test]);
    command.env("SPRAT_SEED", trial.seed.to_string()).env("SPRAT_HOURS", trial.of("6", "24"));
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix(MEASURED)).collect();
    anyhow::ensure!(
        !lines.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr).chars().take(300).collect::<String>()
    );
    Ok(Measured::Held(lines.join("; "), output.status.success()))
}
