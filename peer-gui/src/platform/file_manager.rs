//! The system's file manager.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::pending::{Pending, within};

/// Time that the file manager has to start.
const PATIENCE: Duration = Duration::from_secs(15);

/// Opens a file or a folder.
pub(super) fn open(dir: PathBuf) -> Pending<io::Result<()>> {
    within(PATIENCE, move || opener::open(dir).map_err(io::Error::other))
}

/// Shows a file in its folder, selected where the file manager can do that.
pub(super) fn reveal(file: PathBuf) -> Pending<io::Result<()>> {
    within(PATIENCE, move || {
        // An error that a person understands, before whatever the file manager would say.
        file.symlink_metadata()?;
        opener::reveal(file).map_err(io::Error::other)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_not_there_is_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        let gone = dir.path().join("gone");
        assert_eq!(reveal(gone.clone()).await.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(open(gone).await.is_err());
    }
}
