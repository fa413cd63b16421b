//! Actions on the Share screen.

use std::path::PathBuf;

use sprat_protocol::Link;

/// Action on the Share screen.
#[derive(Clone, Debug, PartialEq)]
pub enum ShareAction {
    /// Choose a file to share.
    PickFile,
    /// Choose a folder to share.
    PickFolder,
    /// Share this file or folder.
    Share(PathBuf),
    /// Put this text into the field for a path.
    Type(String),
    /// Share the path in the field.
    ShareTyped,
    /// Stop reading this file.
    Cancel(PathBuf),
    /// Show the link of the file with this name as a QR code.
    ShowQr(String, Link),
}
