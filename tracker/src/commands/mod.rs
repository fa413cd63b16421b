//! Commands of the program: a module for each.
//!
//! - `options`: the command line. `output`: standard output. `data_folder`: the folder for what outlives a restart.
//! - `serve`: the tracker itself. `signals`: signals to it.
//! - `token`: tokens of those who may use it. `check`: the health of a tracker.

mod check;
mod data_folder;
mod options;
mod output;
mod serve;
mod signals;
mod token;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use options::Command;
pub(crate) use options::Options;
use output::print;
use sprat_tracker::config::{self, Sources};
use sprat_tracker::{catalogue, service};

/// Does what the command line asks for.
pub(crate) fn run(options: Options) -> anyhow::Result<ExitCode> {
    let Options { command, sources } = options;
    match command {
        Command::Run => serve::serve(&sources)?,
        Command::Config { example: true } => print(&config::example())?,
        Command::Config { example: false } => print(&config::effective(&sources.read()?))?,
        Command::Token { action } => token::act(action, &sources)?,
        Command::Backup { file } => backup(&file, &sources)?,
        Command::Check { url, token_file, timeout } => return check::check(&url, token_file.as_deref(), timeout),
    }
    Ok(ExitCode::SUCCESS)
}

/// Copies the catalogue out of the data folder.
fn backup(file: &Path, sources: &Sources) -> anyhow::Result<()> {
    let folder = sources.read()?.config.data_dir;
    let folder =
        folder.context("there is no data folder, so there is no catalogue to copy; name it with --data-dir")?;
    let from = folder.join(service::CATALOGUE);
    catalogue::backup(&from, file).with_context(|| format!("cannot copy {}", from.display()))
}
