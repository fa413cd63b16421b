//! Growth: that work costs in step with how much there is, and not with what stands already.
//!
//! - [`rows`]: the rows, and the files for them.
//! - [`many`]: much to do at once, by the real program and by engines.
//! - [`standing`]: an engine that has a hundred thousand files.

mod many;
mod rows;
mod standing;

pub(crate) use rows::Growth;
use rows::{LEN, Row};
pub(crate) use standing::{Standing, stand};

/// Prints one table.
pub(crate) fn run(growth: &Growth) -> anyhow::Result<()> {
    println!("Seed {}. Files of {LEN} bytes.\n", growth.seed);
    println!("| work | must reach | measured |\n| --- | --- | --- |");
    let wants = |row| growth.rows.is_empty() || growth.rows.contains(&row);
    let runtime = crate::engine::runtime()?;
    if wants(Row::Share) {
        many::share(growth)?;
    }
    if wants(Row::Drop) {
        runtime.block_on(many::drop_files(growth))?;
    }
    if wants(Row::Remove) {
        runtime.block_on(many::remove(growth))?;
    }
    if wants(Row::Links) {
        runtime.block_on(many::paste_links(growth))?;
    }
    if wants(Row::Standing) {
        standing::run(growth)?;
    }
    if wants(Row::Folder) {
        runtime.block_on(many::get_folder(growth))?;
    }
    Ok(())
}
