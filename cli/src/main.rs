//! The command line of Sprat: share a file by its ID, and fetch one from many peers at once.
//!
//! In reading order:
//!
//! - [`args`]: the commands and their options; their texts are the manual.
//! - [`commands`]: one file a command.
//! - [`engine`]: work of an engine or a tracker that several commands need.
//! - [`config`]: the configuration file, and which trackers are used.
//! - [`terminal`]: words, JSON lines, bars, Ctrl-C and exit codes.

mod args;
mod commands;
mod config;
mod engine;
mod terminal;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::{Cli, Command};
use crate::commands::{demo, get, id, login, search, share, verify};
use crate::terminal::failure::{Exit, Failure};
use crate::terminal::interrupt::Interrupt;
use crate::terminal::output::Output;
use crate::terminal::progress::AboveBars;

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
        Command::Logout(args) => login::logout(args, output).await,
        Command::Demo(args) => demo::run(args, output, &interrupt).await,
    }
}

/// Log filter where nobody names one. That a tracker is away and why a download stopped is told by the commands, in
/// words of their own.
const DEFAULT_LOG: &str = "warn,sprat_peer::discovery=error,sprat_peer::engine::recovery=error";

/// Log lines go to stderr. A wrong `--log` is refused; a `RUST_LOG` meant for another program is passed over.
fn start_log(filter: Option<&str>) -> Result<(), Failure> {
    let filter = match filter {
        Some(text) => text.parse::<Targets>().map_err(|error| {
            Failure::usage(format!(
                "--log {text}: {error}; use a level such as info or debug, or a filter such as sprat_peer=trace"
            ))
        })?,
        None => {
            let named = std::env::var("RUST_LOG").ok().and_then(|named| named.parse().ok());
            named.unwrap_or_else(|| DEFAULT_LOG.parse().expect("the default is a filter"))
        }
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(|| AboveBars).with_ansi(io::stderr().is_terminal());
    tracing_subscriber::registry().with(filter).with(lines.log_internal_errors(false)).init();
    Ok(())
}
