//! What is asked on top of everything else, one thing at a time.

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

/// A dialog.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// Whether to delete what was downloaded.
    Delete {
        /// Of which transfers.
        files: Vec<FileId>,
        /// What they are called, or how many they are.
        what: String,
    },
    /// Where to move to.
    Move {
        /// Which transfers.
        files: Vec<FileId>,
        /// The field for the folder.
        dir: String,
    },
    /// How fast.
    Limits {
        /// Which transfers.
        files: Vec<FileId>,
        /// The field for what is sent.
        up: String,
        /// The field for what arrives.
        down: String,
        /// What is wrong with them.
        error: Option<&'static str>,
    },
    /// Who else has it.
    AddPeer {
        /// Which transfer.
        file_id: FileId,
        /// The field for the address.
        addr: String,
        /// What is wrong with it.
        error: Option<&'static str>,
    },
    /// Everything that can be done.
    Palette {
        /// The words that it is searched for.
        words: String,
        /// Which of those found is marked.
        marked: usize,
    },
    /// A link to be photographed.
    Qr {
        /// The file's name.
        name: String,
        /// The link.
        link: Box<Link>,
    },
    /// The keys.
    Shortcuts,
    /// The licences.
    Licences,
    /// The log, oldest line first.
    Log(Vec<String>),
}
