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

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use options::Command;
pub(crate) use options::Options;
pub(crate) use output::complain;
use output::print;
use sprat_tracker::config::{self, ConfigError, Effective, Sources};
use sprat_tracker::{Server, catalogue, service};

/// Does what the command line asks for.
pub(crate) fn run(options: Options) -> anyhow::Result<ExitCode> {
    let Options { command, sources } = options;
    match command {
        Command::Run => {
            if let Err(error) = serve::serve(&sources) {
                complain(&error);
                return Ok(ExitCode::from(serve::exit_code(&error)));
            }
        }
        Command::Config { example: true } => print(&config::example())?,
        Command::Config { example: false } => inspect(&sources.read()?)?,
        Command::Token { action } => token::act(action, &sources)?,
        Command::Backup { file } => backup(&file, &sources)?,
        Command::Restore { file } => restore(&file, &sources)?,
        Command::CheckCatalogue => check_catalogue(&sources)?,
        Command::Check { url, token_file, timeout } => return check::check(&url, token_file.as_deref(), timeout),
    }
    Ok(ExitCode::SUCCESS)
}

/// Copies the catalogue out of the data folder.
fn backup(file: &Path, sources: &Sources) -> anyhow::Result<()> {
    let from = catalogue_of(sources)?;
    catalogue::backup(&from, file).with_context(|| format!("cannot copy {}", from.display()))
}

/// Puts a copy of the catalogue back into the data folder.
fn restore(file: &Path, sources: &Sources) -> anyhow::Result<()> {
    let to = catalogue_of(sources)?;
    to.parent().map_or(Ok(()), data_folder::create)?;
    let files = catalogue::restore(file, &to).context("nothing was restored")?;
    Ok(print(&format!("{} has the names of {files} files from {}\n", to.display(), file.display()))?)
}

/// Looks at all of the catalogue in the data folder.
fn check_catalogue(sources: &Sources) -> anyhow::Result<()> {
    let path = catalogue_of(sources)?;
    let files = catalogue::check_file(&path)?;
    Ok(print(&format!("{} is whole: {files} files\n", path.display()))?)
}

fn catalogue_of(sources: &Sources) -> anyhow::Result<PathBuf> {
    let folder = sources.read()?.config.data_dir;
    let folder = folder.context("there is no data folder, so there is no catalogue; name it with --data-dir")?;
    Ok(folder.join(service::CATALOGUE))
}

/// Prints what is in force, and looks at the files that it names.
fn inspect(effective: &Effective) -> anyhow::Result<()> {
    print(&config::effective(effective))?;
    for warning in &effective.warnings {
        // A hint to a person; nothing depends on it.
        let _ = writeln!(io::stderr(), "sprat-tracker: {warning}");
    }
    let folder = effective.config.data_dir.as_deref().and_then(data_folder::problem);
    let problems: Vec<_> = folder.into_iter().chain(Server::problems(&effective.config)).collect();
    if problems.is_empty() { Ok(()) } else { Err(ConfigError(problems).into()) }
}
