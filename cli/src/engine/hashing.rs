//! A file's ID, with a bar while it is computed.

use std::ops::ControlFlow;
use std::path::Path;

use sprat_chunking::FileId;
use sprat_store::digest::ShareError;
use sprat_store::identify::{id_of, size_of};
use tokio::task;
use tokio_util::sync::CancellationToken;

use crate::terminal::failure::Failure;
use crate::terminal::interrupt::Interrupt;
use crate::terminal::progress::Bar;

/// Hashes the file, or every file of the folder, on all cores; Ctrl-C ends it.
pub(crate) async fn file_id(path: &Path, interrupt: &Interrupt) -> Result<FileId, Failure> {
    let (path, stop) = (path.to_owned(), interrupt.token());
    let hashed = task::spawn_blocking(move || hash(&path, &stop)).await;
    match hashed.map_err(|_| Failure::failed("hashing stopped unexpectedly; run the same command again"))? {
        Ok(file_id) => Ok(file_id),
        Err(ShareError::Stopped) => Err(Failure::interrupted()),
        Err(error) => Err(Failure::failed(error.to_string())),
    }
}

fn hash(path: &Path, stop: &CancellationToken) -> Result<FileId, ShareError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let bar = Bar::bytes(&name, size_of(path));
    id_of(path, |done| {
        if let Some(bar) = &bar {
            bar.set(done);
        }
        if stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}
