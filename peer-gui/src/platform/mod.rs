//! What the system does for the window.
//!
//! - [`Desktop`]: dialogs, the file manager, notifications. A trait, so that tests can answer. [`System`] is the real
//!   one.
//! - [`single_instance`]: one window for one state directory. [`url_scheme`]: links, and the entry in the menu.
//! - [`log`](mod@log): the last lines of the log. [`logo`], [`icon`](mod@icon): the sprat, as a drawing and in pixels.
//! - [`licences`]: what Sprat is made of.

mod dialogs;
mod file_manager;
pub mod icon;
pub mod licences;
pub mod log;
pub mod logo;
mod notifications;
pub mod single_instance;
pub mod url_scheme;

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use crate::bridge::Picked;
use notifications::Notifications;

/// Work that goes on beside the window.
pub type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The system, as far as the window needs it.
pub trait Desktop: Send + Sync + 'static {
    /// Lets the user choose a file.
    fn pick_file(&self) -> Work<Picked>;
    /// Lets the user choose a folder.
    fn pick_folder(&self) -> Work<Picked>;
    /// Lets the user choose where to save a file, for which this name is suggested.
    fn save_file(&self, suggested: &str) -> Work<Picked>;
    /// Opens a file with the program that is for such files, and a folder with the file manager.
    fn open(&self, path: PathBuf) -> Work<io::Result<()>>;
    /// Shows a file in the file manager: selected in its folder, where that is possible.
    fn reveal(&self, file: PathBuf) -> Work<io::Result<()>>;
    /// Shows a notification. Takes two seconds at most; a desktop without notifications is an error.
    fn notify(&self, title: &str, body: &str) -> Work<io::Result<()>>;
}

/// The system that this runs on. What it does is done on threads of the runtime that awaits it.
#[derive(Clone, Debug, Default)]
pub struct System {
    notifications: Notifications,
}

impl Desktop for System {
    fn pick_file(&self) -> Work<Picked> {
        dialogs::pick_file()
    }

    fn pick_folder(&self) -> Work<Picked> {
        dialogs::pick_folder()
    }

    fn save_file(&self, suggested: &str) -> Work<Picked> {
        dialogs::save_file(suggested)
    }

    fn open(&self, path: PathBuf) -> Work<io::Result<()>> {
        file_manager::open(path)
    }

    fn reveal(&self, file: PathBuf) -> Work<io::Result<()>> {
        file_manager::reveal(file)
    }

    fn notify(&self, title: &str, body: &str) -> Work<io::Result<()>> {
        self.notifications.show(title, body)
    }
}

/// Something that blocks, on a thread that may. It is not waited for longer than this.
fn within<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Work<io::Result<T>> {
    Box::pin(async move {
        let done = tokio::time::timeout(patience, tokio::task::spawn_blocking(work)).await?;
        done.map_err(io::Error::other).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_hangs_is_not_waited_for() {
        let (_hold, held) = std::sync::mpsc::channel::<()>();
        let hangs = within(Duration::from_millis(50), move || Ok(held.recv().is_ok()));
        assert_eq!(hangs.await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(within(Duration::from_secs(60), || Ok(7)).await.unwrap(), 7);
    }
}
