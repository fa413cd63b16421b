//! Doors for the fuzz targets to what reads the files that an operator writes.

use crate::access::blocks::{Kind, Target};
use crate::config::file;

/// The configuration, and the entries of block lists.
pub fn files(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = file::parse(text);
    for kind in [Kind::Peers, Kind::Addresses, Kind::Files] {
        let _ = Target::parse(kind, text);
    }
}
