//! The folder for what outlives a restart.

use std::path::Path;

use anyhow::Context;

/// Creates the data folder, where it is missing.
pub(super) fn create(folder: &Path) -> anyhow::Result<()> {
    let what_to_do = || format!("cannot create the folder {}; choose another one with --data-dir", folder.display());
    std::fs::create_dir_all(folder).with_context(what_to_do)
}
