//! The filters of the list of transfers.

/// A filter of the list of transfers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// Every transfer.
    #[default]
    All,
    /// Transfers of which something is missing.
    Downloading,
    /// Transfers that others can fetch from here.
    Sharing,
    /// Downloads that are complete.
    Finished,
    /// Transfers that need a look.
    Problems,
}

impl Filter {
    /// All filters, in the order of the screen.
    pub const ALL: [Self; 5] = [Self::All, Self::Downloading, Self::Sharing, Self::Finished, Self::Problems];
}
