//! Words of several screens.

use super::format;

/// Name of the product, and title of the window.
pub const APP: &str = "Sprat";
pub const NAME: &str = "Name";
pub const SIZE: &str = "Size";
pub const STATUS: &str = "Status";
pub const DOWN: &str = "Down";
pub const UP: &str = "Up";
pub const ADDED: &str = "Added";
pub const SHOW_QR: &str = "QR code";
pub const COPY: &str = "Copy";
pub const CLOSE: &str = "Close";
pub const COPY_LINK: &str = "Copy link";
pub const COPY_ID: &str = "Copy ID";
pub const CANCEL: &str = "Cancel";
pub const CHOOSE_FOLDER: &str = "Choose…";
pub const ADD: &str = "Add";
pub const DISMISS: &str = "Dismiss";
pub const ADDRESS: &str = "Address";
pub const RECEIVED: &str = "Received";
pub const SENT: &str = "Sent";
pub const LEFT: &str = "Left";
pub const NOW: &str = "now";
pub const BAD_LIMIT: &str = "A limit is a whole number of KiB a second, up to 4194303; leave it empty for none.";
pub const NO_DIALOG: &str = "No file dialog is available here. Type the path instead.";
pub const UP_LIMIT_FIELD: &str = "Upload, KiB/s";
pub const DOWN_LIMIT_FIELD: &str = "Download, KiB/s";
pub const USE_LIMITS: &str = "Use these limits";
pub const DOWNLOAD_FOLDER: &str = "Download folder";

/// Makes a sentence of a message: with a capital and a full stop.
pub fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// Name among other words.
pub fn quoted(name: &str) -> String {
    format!("“{name}”")
}

/// Number of transfers.
pub fn transfers(count: usize) -> String {
    format::count(count, "transfer", "transfers")
}

/// Numbers of peers that are connected and that left.
pub fn people(connected: usize, all: usize) -> String {
    format!("{connected} connected, {} left", all - connected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_sentences() {
        assert_eq!(sentence("can't listen"), "Can't listen.");
        assert_eq!(sentence(""), ".");
    }
}
