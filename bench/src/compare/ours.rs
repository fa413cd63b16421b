//! The reference limit, and Sprat as a user runs it.

use crate::compare::arena::{Arena, DOWNLOADER, Done, Fetching, Program, SEEDER, Seeding, TRACKER};
use crate::network::address;
use crate::process::{beside_this, text};
use crate::swarm::{self, field};

/// The name of the reference limit.
pub(crate) const REFERENCE: &str = "plain TCP + SHA-256 + pwrite";

/// Both.
pub(crate) fn all() -> Vec<Box<dyn Program>> {
    vec![Box::new(Reference), Box::new(Sprat)]
}

/// Plain TCP, 256 KiB at a time, with SHA-256 and pwrite on one blocking thread: see `transfer.rs`.
struct Reference;

impl Program for Reference {
    fn name(&self) -> &'static str {
        REFERENCE
    }

    fn promises(&self) -> &'static str {
        "yes, no"
    }

    fn version(&self) -> Option<String> {
        Some(String::new())
    }

    fn seed(&self, arena: &Arena<'_>) -> anyhow::Result<Seeding> {
        let listen = format!("{}:0", address(SEEDER));
        let arguments = ["end", "reference-seeder", text(arena.file)?, "--listen", &listen];
        let mut process = arena.start(SEEDER, &std::env::current_exe()?, &arguments)?;
        let at = process.line("listening on ", arena.until)?;
        Ok(Seeding { process, at, _tracker: None })
    }

    fn fetch(&self, arena: &Arena<'_>, seeding: &Seeding) -> anyhow::Result<Fetching> {
        let file = arena.target();
        let arguments = ["end", "reference-downloader", text(&file)?, &seeding.at];
        let process = arena.start(DOWNLOADER, &std::env::current_exe()?, &arguments)?;
        Ok(Fetching { process, done: Done::Ends, file })
    }
}

/// `sprat share` and `sprat get`.
struct Sprat;

impl Program for Sprat {
    fn name(&self) -> &'static str {
        "sprat"
    }

    fn promises(&self) -> &'static str {
        "yes, yes"
    }

    fn version(&self) -> Option<String> {
        Some(env!("CARGO_PKG_VERSION").to_owned())
    }

    fn seed(&self, arena: &Arena<'_>) -> anyhow::Result<Seeding> {
        let tracker = swarm::Tracker::start(arena.network, TRACKER, arena.until)?;
        let (process, shared) = swarm::share(arena.network, SEEDER, arena.file, &tracker.url, arena.until)?;
        Ok(Seeding { process, at: field(&shared, "link")?.to_owned(), _tracker: Some(tracker.process) })
    }

    /// The file gets its name when every byte is verified and on the disk; that is the moment that counts. `sprat get`
    /// says so up to a quarter of a second later, since it looks four times a second.
    fn fetch(&self, arena: &Arena<'_>, seeding: &Seeding) -> anyhow::Result<Fetching> {
        let (out, file) = (arena.out(), arena.target());
        let out = text(&out)?;
        let process =
            arena.start(DOWNLOADER, &beside_this("sprat")?, &["get", &seeding.at, "--output", out, "--json"])?;
        Ok(Fetching { process, done: Done::Appears(file.clone()), file })
    }
}
