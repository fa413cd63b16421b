//! `sprat verify`: whether a file is the one with this ID.

use sprat_protocol::Link;

use crate::args::VerifyArgs;
use crate::engine::hashing::file_id;
use crate::terminal::failure::{Exit, Failure};
use crate::terminal::interrupt::Interrupt;
use crate::terminal::output::{Output, path_bytes};

/// Prints whether it is.
pub(crate) async fn run(args: &VerifyArgs, output: Output, interrupt: &Interrupt) -> Result<(), Failure> {
    let expected: Link = args.link.parse().map_err(|error| Failure::usage(format!("{}: {error}", args.link)))?;
    let found = file_id(&args.path, interrupt).await?;
    let mut line = path_bytes(&args.path);
    if found == expected.file_id {
        line.extend_from_slice(b": OK");
        output.raw_line(&line)?;
        return Ok(());
    }
    line.extend_from_slice(format!(": FAILED (its ID is {found})").as_bytes());
    output.raw_line(&line)?;
    Err(Failure::silent(Exit::Failed))
}
