//! The dialogs on top of everything else, one at a time.

use sprat_chunking::FileId;
use sprat_protocol::Link;

use super::focus::FocusRequests;

/// Dialog on top of everything else, one at a time.
#[derive(Debug, Default)]
pub struct Dialogs {
    /// Dialog that is open.
    pub current: Option<Dialog>,
    /// Requests to give that dialog the focus: one for each dialog that was opened.
    pub focus: FocusRequests,
}

impl Dialogs {
    /// Opens a dialog in place of the one that may be open.
    pub fn open(&mut self, dialog: Dialog) {
        self.current = Some(dialog);
        self.focus.ask();
    }

    /// Closes the dialog that may be open.
    pub fn close(&mut self) {
        self.current = None;
    }
}

/// Dialog on top of everything else.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// Question whether to delete downloaded files.
    Delete {
        /// Transfers to delete.
        files: Vec<FileId>,
        /// Name of the transfer, or number of the transfers.
        what: String,
    },
    /// Form for a folder to move to.
    Move {
        /// Transfers to move.
        files: Vec<FileId>,
        /// Text of the field for the folder.
        dir: String,
    },
    /// Form for the limits of transfers.
    Limits {
        /// Transfers that get the limits.
        files: Vec<FileId>,
        /// Text of the field for the limit on what is sent.
        up: String,
        /// Text of the field for the limit on what arrives.
        down: String,
        /// Error of the limits.
        error: Option<&'static str>,
    },
    /// Form for the address of a peer.
    AddPeer {
        /// Transfer for which the peer is tried.
        file_id: FileId,
        /// Text of the field for the address.
        addr: String,
        /// Error of the address.
        error: Option<&'static str>,
    },
    /// Palette: every action that has a name.
    Palette {
        /// Text of the field for words.
        words: String,
        /// Row that is marked, among those that have these words.
        marked: usize,
    },
    /// Link as a QR code.
    Qr {
        /// Name of the file.
        name: String,
        /// Link to the file.
        link: Box<Link>,
    },
    /// List of the keys.
    Shortcuts,
    /// List of the licences.
    Licences,
    /// Log, oldest line first.
    Log(Vec<String>),
}
