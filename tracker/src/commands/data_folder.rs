//! The folder for what outlives a restart.

use std::path::Path;

use anyhow::Context;
use sprat_tracker::operation::folder;
use sprat_tracker::service;

/// Creates the data folder, where it is missing.
pub(super) fn create(path: &Path) -> anyhow::Result<()> {
    let what_to_do = || format!("cannot create the folder {}; choose another one with --data-dir", path.display());
    folder::create_private(path, service::CATALOGUE).with_context(what_to_do)
}

/// Finds what keeps a data folder from being used, if that can be told without making it.
pub(super) fn problem(path: &Path) -> Option<String> {
    let in_the_way = path.ancestors().find(|path| path.exists()).filter(|path| !path.is_dir())?;
    Some(format!("{} is no folder; choose another one with --data-dir", in_the_way.display()))
}
