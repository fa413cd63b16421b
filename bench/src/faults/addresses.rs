//! A machine that gets another address in the middle of a transfer, as with another Wi-Fi or another lease of DHCP.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::Value;
use sprat_protocol::Link;

use super::row::{Measured, Row, Trial};
use super::tracker::query;
use super::world::is_root;
use crate::files::same;
use crate::network::{Network, address};
use crate::process::{GLANCE, Process, beside_this, text};
use crate::swarm::{Tracker, field, is_complete};
use crate::tracker::client::Client;

pub(super) const ROWS: &[Row] = &[Row {
    number: 22,
    fault: "the address of the downloader's machine, or the sharer's, is replaced",
    must: "reconnected ≤ 15 s; the tracker names the new one",
    run: moves,
}];

const PATIENCE: Duration = Duration::from_secs(120);
/// Time within which the transfer has to go on.
const MOST: Duration = Duration::from_secs(15);
/// For how long after the change something may still come that was on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// The hosts.
const TRACKER: usize = 0;
const SHARER: usize = 1;
const DOWNLOADER: usize = 2;

fn moves(trial: &Trial) -> anyhow::Result<Measured> {
    if !is_root() {
        return Ok(Measured::NotRun("needs Linux and root, for hosts of its own".to_owned()));
    }
    let (mut told, mut holds) = (Vec::new(), true);
    for (name, mover) in [("downloader", DOWNLOADER), ("sharer", SHARER)] {
        for _ in 0..trial.of(1, 3) {
            let (on, named) = one(mover)?;
            holds &= on <= MOST && named <= MOST;
            told.push(format!("{name}: on after {:.1} s, named after {:.1} s", on.as_secs_f64(), named.as_secs_f64()));
        }
    }
    Ok(Measured::Held(format!("{}; the files right", told.join("; ")), holds))
}

/// Moves one host in the middle of a download; gives how soon that goes on, and how soon the tracker names the new address and
/// no other.
fn one(mover: usize) -> anyhow::Result<(Duration, Duration)> {
    let network = Network::new(&[None; 3])?;
    let until = Instant::now() + PATIENCE;
    let tracker = Tracker::start(&network, TRACKER, until)?;
    let dir = tempfile::tempdir()?;
    let (file, out, sprat) = (dir.path().join("shared.bin"), dir.path().join("copy.bin"), beside_this("sprat")?);
    crate::files::noise(&file, 48)?;
    let arguments = ["share", text(&file)?, "--tracker", &tracker.url, "--upload-limit", "2M", "--json"];
    let mut sharer = network.start(SHARER, &sprat, arguments)?;
    let shared = sharer.record("shared", until)?;
    let link: Link = field(&shared, "link")?.parse()?;
    let get = ["get", field(&shared, "link")?, "--output", text(&out)?, "--json"];
    let mut get = network.start(DOWNLOADER, &sprat, get)?;
    let before = reaches(&mut get, 1 << 20, until)?;
    let new = network.change_address(mover)?;
    let changed = Instant::now();
    let before = wait_for_what_was_on_its_way(&mut get, before, changed)?;
    reaches(&mut get, before + 1, until)?;
    let on = changed.elapsed();
    let at: SocketAddr = tracker.url.trim_start_matches("http://").parse()?;
    let named = network.on(TRACKER, move || names(at, &link, mover, &new, changed))??;
    ensure!(is_complete(&get.record("complete", until)?) && same(&file, &out)?, "the copy is another file");
    Ok((on, named))
}

/// Number of bytes that are verified, as the records say, once nothing can come any more over an address that is gone.
fn wait_for_what_was_on_its_way(get: &mut Process, mut last: u64, changed: Instant) -> anyhow::Result<u64> {
    while changed.elapsed() < ON_ITS_WAY {
        last = get.new_records().iter().filter_map(verified).next_back().unwrap_or(last);
        ensure!(!get.has_ended(), "the download ended: {:?}", get.last_line());
        std::thread::sleep(GLANCE);
    }
    Ok(last)
}

/// Waits until so many bytes are verified; gives how many are.
fn reaches(get: &mut Process, bytes: u64, until: Instant) -> anyhow::Result<u64> {
    loop {
        match verified(&get.record("progress", until)?) {
            Some(verified) if verified >= bytes => return Ok(verified),
            _ => {}
        }
    }
}

fn verified(record: &Value) -> Option<u64> {
    record["verified"].as_u64()
}

/// Asks the tracker until it names this host at its new address alone.
fn names(tracker: SocketAddr, link: &Link, host: usize, new: &str, changed: Instant) -> anyhow::Result<Duration> {
    let old = address(host);
    let mut client = Client::dial(tracker)?;
    loop {
        let answer = query(&mut client, tracker, link.file_id)?;
        let named = answer.files.iter().flat_map(|info| &info.peers).flat_map(|peer| &peer.addresses);
        let named: Vec<String> = named.map(|addr| addr.ip().to_string()).collect();
        if named.iter().any(|ip| ip == new) && named.iter().all(|ip| *ip != old) {
            return Ok(changed.elapsed());
        }
        ensure!(changed.elapsed() < PATIENCE, "the tracker names {named:?}, not {new}");
        std::thread::sleep(GLANCE * 10);
    }
}
