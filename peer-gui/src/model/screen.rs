//! The screens of the window, and the pages about a transfer.

/// A screen of the window. The order is that of the sidebar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// Everything that is fetched or served.
    #[default]
    Transfers,
    /// Search of the trackers.
    Browse,
    /// Choice of what to share, and the list of what is shared.
    Share,
    /// Peers of all transfers.
    Peers,
    /// Folders, trackers, limits, appearance.
    Settings,
}

/// A page about the selected transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DetailTab {
    /// Chunks, speed and location.
    #[default]
    Overview,
    /// Peers of this transfer.
    Peers,
    /// Files of a folder.
    Files,
    /// Log of this transfer.
    Log,
}
