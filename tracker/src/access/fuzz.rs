//! Doors for the fuzz targets to what reads the files that an operator writes.

use super::entries::{Kind, Target};
use crate::config::file;

/// The configuration, and the entries of block lists. Gives which of them it was understood as.
pub fn files(bytes: &[u8]) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
    let is_entry = |kind| Target::parse(kind, text).is_some();
    let kinds = [
        ("config", file::parse(text).is_ok_and(|contents| contents.problems.is_empty())),
        ("peer", is_entry(Kind::Peers)),
        ("network", is_entry(Kind::Addresses)),
        ("file", is_entry(Kind::Files)),
    ];
    kinds.into_iter().filter(|(_, is)| *is).map(|(kind, _)| kind.to_owned()).collect()
}
