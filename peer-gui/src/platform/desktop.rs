//! The desktop, as far as the window needs it.

use std::io;
use std::path::PathBuf;

use super::pending::Pending;
use crate::model::messages::Picked;

/// The desktop, as far as the window needs it.
pub trait Desktop: Send + Sync + 'static {
    /// Lets the user choose a file.
    fn pick_file(&self) -> Pending<Picked>;
    /// Lets the user choose a folder.
    fn pick_folder(&self) -> Pending<Picked>;
    /// Lets the user choose the path of a file to save, for which this name is suggested.
    fn save_file(&self, suggested: &str) -> Pending<Picked>;
    /// Opens a file with the program for such files, and a folder with the file manager.
    fn open(&self, path: PathBuf) -> Pending<io::Result<()>>;
    /// Shows a file in the file manager: selected in its folder, where that is possible.
    fn reveal(&self, file: PathBuf) -> Pending<io::Result<()>>;
    /// Shows a notification. Takes two seconds at most; a desktop without notifications is an error.
    fn notify(&self, title: &str, body: &str) -> Pending<io::Result<()>>;
}
