//! The command line of Sprat: share a file by its ID, and fetch one from many peers at once.
//!
//! One file a command: [`id`], [`verify`], [`share`], [`get`], [`search`], [`login`], [`demo`]. What they have in
//! common, in reading order:
//!
//! - [`args`]: the commands and their options; their texts are the manual.
//! - [`config`]: the configuration file, and which trackers are used.
//! - [`output`] and [`records`]: what is written, for a person or as JSON lines. [`progress`]: bars at a terminal.
//! - [`failure`]: how a command ends other than well, and its exit code.
//! - [`hashing`]: a file's digest, with a bar. [`embedded`]: a tracker inside this process. [`state`]: the engine's
//!   folder. [`interrupt`]: Ctrl-C.

mod args;
mod config;
mod demo;
mod embedded;
mod failure;
mod fetch;
mod get;
mod hashing;
mod id;
mod interrupt;
mod login;
mod output;
mod progress;
mod records;
mod search;
mod share;
mod state;
mod tracker_notes;
mod verify;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::args::{Cli, Command};
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::output::Output;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.command.json());
    let exit = match run(&cli, output).await {
        Ok(()) => Exit::Done,
        Err(failure) => {
            output.failure(&failure);
            failure.exit
        }
    };
    exit.into()
}

async fn run(cli: &Cli, output: Output) -> Result<(), Failure> {
    start_log(cli.log.as_deref())?;
    let interrupt = Interrupt::install()?;
    match &cli.command {
        Command::Id(args) => id::run(args, output, &interrupt).await,
        Command::Verify(args) => verify::run(args, output, &interrupt).await,
        Command::Share(args) => share::run(args, output, &interrupt).await,
        Command::Get(args) => get::run(args, output, &interrupt).await,
        Command::Search(args) => search::run(args, output, &interrupt).await,
        Command::Login(args) => login::login(args, output, &interrupt).await,
        Command::Logout(args) => login::logout(args, output),
        Command::Demo(args) => demo::run(args, output, &interrupt).await,
    }
}

/// What is logged where nobody says. That a tracker is away and why a download stopped is told by the commands, in words
/// of their own.
const DEFAULT_LOG: &str = "warn,sprat_peer::trackers=error,sprat_peer::engine::downloads=error";

/// Log lines go to stderr. A wrong `--log` is refused; a `RUST_LOG` meant for another program is passed over.
fn start_log(filter: Option<&str>) -> Result<(), Failure> {
    let filter = match filter {
        Some(text) => EnvFilter::try_new(text).map_err(|error| {
            Failure::usage(format!(
                "--log {text}: {error}; use a level such as info or debug, or a filter such as sprat_peer=trace"
            ))
        })?,
        None => EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_LOG)),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| progress::AboveBars)
        .with_ansi(io::stderr().is_terminal())
        .log_internal_errors(false)
        .init();
    Ok(())
}
