//! The list of a folder's files, as it came from the network.

use sprat_protocol::{Collection, FileName};

/// The list of a folder's files, which is what the ID was of.
#[derive(Debug)]
pub struct List {
    /// What it says.
    pub collection: Collection,
    /// The list as it came.
    pub bytes: Vec<u8>,
    /// What the folder is called.
    pub name: FileName,
}
