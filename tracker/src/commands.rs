//! What the program can be asked to do: a module for each.
//!
//! - `options`: what stands on the command line.
//! - `serve`: to be the tracker. `signals`: what it is told meanwhile.
//! - `token`: who may use it. `check`: whether one is healthy.

mod check;
mod options;
mod serve;
mod signals;
mod token;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use options::Command;
pub(crate) use options::Options;
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

/// Writes a result to standard output. Whoever reads it may have read enough, which is no failure.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Copies the catalogue out of the data folder.
fn backup(file: &Path, sources: &Sources) -> anyhow::Result<()> {
    let folder = sources.read()?.config.data_dir;
    let folder =
        folder.context("there is no data folder, so there is no catalogue to copy; name it with --data-dir")?;
    let from = folder.join(service::CATALOGUE);
    catalogue::backup(&from, file).with_context(|| format!("cannot copy {}", from.display()))
}

/// Creates the data folder, where it is missing.
fn create(folder: &Path) -> anyhow::Result<()> {
    let what_to_do = || format!("cannot create the folder {}; choose another one with --data-dir", folder.display());
    std::fs::create_dir_all(folder).with_context(what_to_do)
}
