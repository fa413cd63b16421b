//! What the system does for the window.
//!
//! - Dialogs and the file manager: [`Desktop`], a trait, so that tests can answer.
//! - [`single_instance`]: one window for one state directory.

pub mod single_instance;

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::{Duration, Instant};

use crate::bridge::Picked;

/// Work that goes on beside the window.
pub type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The system, as far as the window needs it.
pub trait Desktop: Send + Sync + 'static {
    /// Lets the user choose a file.
    fn pick_file(&self) -> Work<Picked>;
    /// Lets the user choose a folder.
    fn pick_folder(&self) -> Work<Picked>;
    /// Shows a folder in the file manager.
    fn open_folder(&self, dir: PathBuf) -> Work<io::Result<()>>;
}

/// The system that this runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Desktop for System {
    fn pick_file(&self) -> Work<Picked> {
        picked(|| Box::pin(rfd::AsyncFileDialog::new().pick_file()))
    }

    fn pick_folder(&self) -> Work<Picked> {
        picked(|| Box::pin(rfd::AsyncFileDialog::new().pick_folder()))
    }

    fn open_folder(&self, dir: PathBuf) -> Work<io::Result<()>> {
        Box::pin(async move { open(&dir).await })
    }
}

/// A dialog that says "nothing" faster than anybody could close it was never on the screen.
const NOBODY_IS_FASTER: Duration = Duration::from_millis(400);

fn picked(dialog: impl FnOnce() -> Work<Option<rfd::FileHandle>> + Send + 'static) -> Work<Picked> {
    Box::pin(async move {
        let asked = Instant::now();
        match dialog().await {
            Some(file) => Picked::Path(file.path().to_owned()),
            None => nothing_after(asked.elapsed()),
        }
    })
}

fn nothing_after(elapsed: Duration) -> Picked {
    if elapsed < NOBODY_IS_FASTER { Picked::Unavailable } else { Picked::Nothing }
}

async fn open(dir: &Path) -> io::Result<()> {
    let program = match () {
        () if cfg!(target_os = "windows") => "explorer",
        () if cfg!(target_os = "macos") => "open",
        () => "xdg-open",
    };
    // Windows' explorer answers 1 when all is well.
    let status = tokio::process::Command::new(program).arg(dir).status().await?;
    match status.success() || cfg!(target_os = "windows") {
        true => Ok(()),
        false => Err(io::Error::other(format!("{program}: {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_that_was_never_shown_is_told_from_one_that_was_closed() {
        assert_eq!(nothing_after(Duration::from_millis(20)), Picked::Unavailable);
        assert_eq!(nothing_after(Duration::from_secs(2)), Picked::Nothing);
    }
}
