//! List of a folder's files, as it came from the network.

use sprat_protocol::{Collection, FileName};

/// List of a folder's files, whose ID is the folder's.
#[derive(Debug)]
pub struct List {
    /// Contents of the list.
    pub collection: Collection,
    /// Bytes of the list, as they came.
    pub bytes: Vec<u8>,
    /// Name of the folder.
    pub name: FileName,
}
