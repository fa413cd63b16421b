//! Actions that open and answer dialogs.

/// Action that opens or answers a dialog.
#[derive(Clone, Debug, PartialEq)]
pub enum DialogAction {
    /// Open the palette.
    Palette,
    /// Mark this row of the palette.
    Mark(usize),
    /// Put this text into a field of the dialog.
    Type(DialogField, String),
    /// Show the keys.
    Shortcuts,
    /// Show the licences.
    Licences,
    /// Show the log.
    ShowLog,
    /// Write the log to a file.
    SaveLog,
    /// Delete the files that the dialog is about.
    ConfirmDelete,
    /// Choose a folder to move to.
    PickMoveDir,
    /// Move to the folder in the dialog.
    ConfirmMove,
    /// Use the limits in the dialog.
    ConfirmLimits,
    /// Try the peer in the dialog.
    ConfirmPeer,
    /// Close the dialog.
    Close,
}

/// Field of a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogField {
    /// Folder to move to.
    Dir,
    /// Limit on what is sent.
    Up,
    /// Limit on what arrives.
    Down,
    /// Address of a peer.
    Addr,
    /// Words that the palette is searched for.
    Words,
}
