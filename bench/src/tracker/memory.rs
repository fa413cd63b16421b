//! Growth of the tracker's memory with each entry: measured on its own store and catalogue, in this process, by what
//! the system says that this process holds.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use rand::rngs::{SmallRng, StdRng};
use rand::{RngExt, SeedableRng};
use sprat_chunking::{ChunkSize, FileId, Layout};
use sprat_protocol::PeerId;
use sprat_tracker::Limits;
use sprat_tracker::catalogue::{Catalogue, Place, Put, Settings};
use sprat_tracker::contact::Contact;
use sprat_tracker::store::{Claim, Offer, Share};
use sprat_tracker::swarm::Swarms;

use super::names::Names;
use crate::usage::Usage;

const LEASE: Duration = Duration::from_secs(86_400);
/// Neighbours in one swarm are far from each other in the order of registration.
const STRIDE: usize = 100_003;

/// Prints one table: so many swarms, as many peers, and this many entries in each swarm and of each peer.
pub(crate) fn run(swarms: usize, entries: usize, dir: &Path) -> anyhow::Result<()> {
    let data = tempfile::tempdir_in(dir)?;
    println!("| in memory | entries | MiB | bytes each |\n| --- | --- | --- | --- |");
    // Both are kept to the end: what one gives back the other would use.
    let _swarms = measure("peers in swarms", swarms * entries, || filled_swarms(swarms, entries))?;
    let _catalogue = measure("names in the catalogue", swarms, || filled_catalogue(swarms, data.path()))?;
    Ok(())
}

/// Prints by how much this process is larger with what is made than without it.
fn measure<T>(title: &str, entries: usize, make: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let before = Usage::resident();
    let made = make()?;
    let mib = Usage::resident() - before;
    println!("| {title} | {entries} | {mib:.0} | {:.0} |", mib * 1_048_576.0 / entries as f64);
    Ok(made)
}

fn filled_swarms(count: usize, entries: usize) -> anyhow::Result<Swarms> {
    let unlimited = Limits { peers: usize::MAX, ..Limits::default() };
    let swarms = Swarms::new(LEASE, unlimited, StdRng::seed_from_u64(1));
    let (names, mut rng) = (Names::new(), SmallRng::seed_from_u64(2));
    let now = Instant::now();
    for peer in 0..count {
        let peer_id = PeerId::new(rng.random());
        let shares = (0..entries).map(|entry| share((peer + entry * STRIDE) % count, entry % 2 == 0, &names));
        let address = IpAddr::V4(Ipv4Addr::from_bits(Ipv4Addr::new(11, 0, 0, 0).to_bits() + peer as u32));
        let contact = Contact::new(address, 4000, &[]);
        let mut offers: Vec<Offer> = shares.map(Offer::new).collect();
        swarms.register(now, peer_id, contact, &mut offers)?;
        ensure!(offers.iter().all(|offer| offer.outcome.is_ok()), "a file was refused: {offers:?}");
    }
    let totals = swarms.totals();
    ensure!(totals.seeders + totals.leechers == count * entries, "not all was kept: {totals:?}");
    Ok(swarms)
}

/// Claim of a peer about a file, whose name is always the same; each REGISTER brings its own copy of it.
fn share(file: usize, complete: bool, names: &Names) -> Share {
    let mut of_file = SmallRng::seed_from_u64(file as u64);
    let file_id = FileId::new(of_file.random());
    let layout =
        Layout::new(of_file.random_range(1..1 << 32), ChunkSize::DEFAULT).expect("4 GiB can be cut into chunks");
    let claim = Claim { name: Arc::from(names.name(&mut of_file)), layout };
    Share { file_id, claim, complete }
}

fn filled_catalogue(count: usize, dir: &Path) -> anyhow::Result<Catalogue> {
    let (catalogue, _) = Catalogue::open(Place::File(dir.join("catalogue.sqlite")), &Settings::default())?;
    let (names, mut rng) = (Names::new(), SmallRng::seed_from_u64(3));
    let layout = Layout::new(1, ChunkSize::DEFAULT)?;
    for unix_seconds in 0..count as u64 {
        let (file_id, by) = (FileId::new(rng.random()), PeerId::new(rng.random()));
        let put = Put { file_id, name: names.name(&mut rng), layout, by, unix_seconds };
        while catalogue.put(put.clone()).is_err() {
            catalogue.flush().wait_blocking()?;
        }
    }
    catalogue.flush().wait_blocking()?;
    ensure!(catalogue.len() == count, "not all was kept: {}", catalogue.len());
    Ok(catalogue)
}
