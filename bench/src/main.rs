//! Benchmarks, each against a reference limit that is measured in the same run: absolute figures belong to a machine and an
//! hour, ratios can be compared.
//!
//! - [`share`]: hashing a file for sharing, against single-core SHA-256.
//! - [`transfer`]: one file from one seeder to one downloader over loopback, against plain TCP + SHA-256 + pwrite.
//! - [`compare`]: one file from one host to another, by Sprat and by other programs.
//! - [`crowd`]: one seeder and a crowd of downloaders, each behind a slow link, against one copy.
//! - [`sources`]: one downloader and four seeders, some of which leave, stall or lie; [`hostile`] are those.
//! - [`folder`]: thousands of small files, shared as one.
//! - [`growth`]: much at once, and much that stands.
//! - [`small`]: a file of 1 KiB, against the clock.
//! - [`kills`]: a download that is killed again and again, and what is fetched twice for that.
//! - [`faults`]: what can go wrong, made to go wrong, and what must hold all the same.
//! - [`tracker`]: a tracker under load, against a web server and another tracker.
//! - [`network`]: hosts of our own, with cables as slow as one likes.
//! - [`swarm`]: the real binaries on those hosts.
//! - [`engine`]: engines within this process.
//! - [`process`] and [`usage`]: processes, what they print and what they used; [`programs`]: those that others made.
//! - [`files`]: what is moved; [`load`]: how much of it.

#![expect(clippy::print_stdout, reason = "tables are what this program is for")]

mod compare;
mod crowd;
mod engine;
mod faults;
mod files;
mod folder;
mod growth;
mod hostile;
mod kills;
mod load;
mod network;
mod process;
mod programs;
mod share;
mod small;
mod sources;
mod swarm;
mod tracker;
mod transfer;
mod usage;
mod window;

use clap::{Parser, Subcommand};

use load::Load;

/// Measures Sprat against reference limits on this machine.
#[derive(Parser)]
struct Cli {
    /// Benchmark to run.
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Hashing a file for sharing, against single-core SHA-256
    Share(Load),
    /// One seeder to one downloader over loopback, against plain TCP + SHA-256 + pwrite
    Transfer(Load),
    /// One seeder and a crowd of downloaders behind slow links, against one copy (Linux, root)
    Crowd(crowd::Crowd),
    /// One file from one host to another, by Sprat and by other programs (Linux, root)
    Compare(compare::Compare),
    /// Four seeders and one downloader, with some that leave, stall or lie (Linux, root)
    Sources(sources::Sources),
    /// A folder of many small files, shared and fetched over loopback
    Folder(folder::Folder),
    /// Much at once, and much that stands: whether the cost grows in step with the work
    Growth(growth::Growth),
    /// A file of 1 KiB, shared and fetched over loopback, in milliseconds
    Small(small::Small),
    /// A download that is killed and started again, and what is fetched twice for that
    Kills(kills::Kills),
    /// A tracker under load, against nginx and aquatic_http where they are installed
    Tracker(tracker::Tracker),
    /// Everything that can go wrong, made to go wrong, and what must hold all the same (some of it: Linux, root)
    Faults(faults::Faults),
    /// The window: idle, its start, its memory, and a frame of a long list (Linux, a display)
    Window(window::Window),
    /// One end of a transfer, in a process of its own
    #[command(hide = true)]
    End(transfer::EndArgs),
    /// An engine that has many files, in a process of its own
    #[command(hide = true)]
    Stand(growth::Standing),
    /// A peer that stalls or lies
    #[command(hide = true)]
    Hostile(hostile::Hostile),
    /// A BitTorrent tracker that knows one peer
    #[command(hide = true)]
    Announce(compare::announce::Announce),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Share(load) => share::run(&load),
        Command::Transfer(load) => transfer::run(&load),
        Command::Crowd(args) => crowd::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Sources(args) => sources::run(&args),
        Command::Folder(args) => folder::run(&args),
        Command::Growth(args) => growth::run(&args),
        Command::Small(args) => small::run(&args),
        Command::Kills(args) => kills::run(&args),
        Command::Tracker(args) => tracker::run(&args),
        Command::Faults(args) => faults::run(&args),
        Command::Window(args) => window::run(&args),
        Command::Stand(args) => growth::stand(&args),
        Command::Hostile(args) => hostile::run(&args),
        Command::End(args) => transfer::end(&args),
        Command::Announce(args) => compare::announce::run(&args),
    }
}
