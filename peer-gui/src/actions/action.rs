//! The actions of a person.

use std::path::PathBuf;

use sprat_protocol::Link;
use url::Url;

use crate::model::columns::Column;
use crate::model::engine::Priority;
use crate::model::filter::Filter;
use crate::model::preferences::{Reach, ThemeChoice};
use crate::model::screen::{DetailTab, Screen};
use crate::state::{Pick, RowKey, Step};

/// One thing that a person asks for. Those about transfers mean all that are selected.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Go to a screen.
    Show(Screen),
    /// Download what is in the field for IDs.
    SubmitId,
    /// Text was pasted outside of any field.
    PasteId(String),
    /// Download what the clipboard had when the window got the focus.
    AcceptOffer,
    /// Do not.
    DeclineOffer,
    /// Download what was found.
    Get(Link),
    /// Choose a file to share.
    PickShareFile,
    /// Choose a folder to share.
    PickShareFolder,
    /// Share this file or folder.
    Share(PathBuf),
    /// Share what is at the path in the field.
    ShareTyped,
    /// Stop reading this file.
    CancelShare(PathBuf),
    /// Select a row, add it to the selection, or all up to it.
    Select(RowKey, Pick),
    /// Move the selection, or stretch it.
    Move(Step, Pick),
    /// Select every row.
    SelectAll,
    /// Close the pane of what is selected.
    Escape,
    /// Show these transfers only.
    SetFilter(Filter),
    /// Sort by this column; by the one that is sorted by already, in the other direction.
    SortBy(Column),
    /// Show this column, or hide it.
    ToggleColumn(Column),
    /// Make this column so wide, in points; it is kept when the mouse lets go.
    SetWidth {
        /// Which.
        column: Column,
        /// How wide.
        width: u16,
        /// Whether to keep it.
        keep: bool,
    },
    /// Show this side of the selected transfer.
    ShowTab(DetailTab),
    /// Pause what runs of the selection, or go on if nothing does.
    TogglePause,
    /// Pause everything.
    PauseAll,
    /// Go on with everything.
    ResumeAll,
    /// Remove from the list. A file that is being read is not shared.
    Remove,
    /// Take the last removal back.
    UndoRemove,
    /// Ask whether to delete what was downloaded.
    AskDelete,
    /// Delete it: the answer to that question.
    ConfirmDelete,
    /// Copy the links.
    CopyLink,
    /// Copy the file IDs.
    CopyId,
    /// Copy this text, and say so in these words.
    Copy(String, &'static str),
    /// Show the link as a QR code.
    ShowQr,
    /// Show this link as a QR code.
    ShowQrOf(String, Link),
    /// Show what is selected in the file manager.
    OpenFolder,
    /// Open it with the program that is for such files.
    OpenFile,
    /// Read all of it again, and fetch what is wrong.
    Check,
    /// End the checking or moving that is under way.
    CancelWork,
    /// Fetch in the order of the file, or no longer.
    ToggleSequential,
    /// Ask where to move to.
    AskMove,
    /// Choose a folder to move to.
    PickMoveDir,
    /// Move there.
    ConfirmMove,
    /// Ask for the limits of the selection.
    AskLimits,
    /// Use them.
    ConfirmLimits,
    /// Ask for the address of a peer.
    AskPeer,
    /// Try that peer too.
    ConfirmPeer,
    /// Fetch these files of the selected folder first, or not at all.
    SetPriority(Vec<u32>, Priority),
    /// Search the trackers for the words in the field.
    Search,
    /// Show more of what they found.
    SearchMore,
    /// Go to the field for words.
    FocusSearch,
    /// Ask trackers that are away again now.
    RetryTrackers,
    /// Look like this from now on.
    SetTheme(ThemeChoice),
    /// Larger, smaller, or as it was.
    Zoom(Zoom),
    /// Tell when a transfer ends, or not.
    SetNotifications(bool),
    /// Offer links that were copied elsewhere, or not.
    SetOfferLinks(bool),
    /// Choose the download folder.
    PickDownloadDir,
    /// Use the folder in the field from now on.
    UseTypedDir,
    /// Use the name in the field from now on.
    UseName,
    /// Use the limits and the number of downloads in the fields from now on.
    UseLimits,
    /// Listen on the port in the field from the next start on.
    UsePort,
    /// Add the tracker in the field.
    AddTracker,
    /// Ask whether a tracker answers there.
    TestTracker(Url),
    /// Use this tracker no more.
    RemoveTracker(Url),
    /// Ask for this tracker's token, or no longer.
    EditToken(Option<Url>),
    /// Use the token in the field from now on.
    UseToken,
    /// Use no token for the tracker that is asked about.
    ForgetToken,
    /// Run a tracker here for these, or none.
    RunTracker(Reach),
    /// Open `sprat:` links with this program, or no longer.
    RegisterLinks(bool),
    /// The first start's card is done with.
    FinishSetup,
    /// Show everything that can be done, to be searched.
    Palette,
    /// Do what is marked in it.
    PaletteRun(usize),
    /// Show the keys.
    Shortcuts,
    /// Show the licences.
    Licences,
    /// Show the log.
    ShowLog,
    /// Write the log to a file.
    SaveLog,
    /// Close the dialog that is open.
    CloseDialog,
    /// A toast was read.
    DismissToast(u64),
    /// Close the window.
    Quit,
}

/// A step of the zoom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoom {
    /// Larger.
    In,
    /// Smaller.
    Out,
    /// As it comes.
    Reset,
}
