//! Actions on the selected transfers.

use crate::model::engine::Priority;

/// Action on the selected transfers, or on all of them.
#[derive(Clone, Debug, PartialEq)]
pub enum TransferAction {
    /// Pause the selected transfers that run, or resume all of them if none runs.
    TogglePause,
    /// Pause every transfer.
    PauseAll,
    /// Resume every transfer.
    ResumeAll,
    /// Remove the selected transfers from the list. A file that is being read is not shared.
    Remove,
    /// Take the last removal back.
    UndoRemove,
    /// Ask whether to delete the downloaded files.
    AskDelete,
    /// Copy the links.
    CopyLink,
    /// Copy the file IDs.
    CopyId,
    /// Show the link as a QR code.
    ShowQr,
    /// Show the file in the file manager.
    OpenFolder,
    /// Open the file with the program for such files.
    OpenFile,
    /// Read all of the file again, and fetch chunks that are wrong.
    Check,
    /// End the checking or moving that is under way.
    CancelWork,
    /// Fetch in the order of the file, or no longer.
    ToggleSequential,
    /// Ask for the folder to move to.
    AskMove,
    /// Ask for the limits.
    AskLimits,
    /// Ask for the address of a peer.
    AskPeer,
    /// Fetch these files of the selected folder first, or not at all.
    SetPriority(Vec<u32>, Priority),
}
