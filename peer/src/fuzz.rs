//! Doors for the fuzz targets to what reads this crate's own files, which a crash or a thief of the disk may have changed.

use crate::discovery::trackers::token_file;
use crate::peers::bans::BanList;
use crate::state::library::{KeptFile, Library};

/// The lists of transfers, of bans, of a folder's files and parts, and of tokens. Gives which of them it was understood as.
pub fn state_files(bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).ok();
    understood([
        ("library", serde_json::from_slice::<Library>(bytes).is_ok()),
        ("bans", serde_json::from_slice::<BanList>(bytes).is_ok()),
        ("kept", serde_json::from_slice::<Vec<Option<KeptFile>>>(bytes).is_ok()),
        ("line", text.is_some_and(sprat_store::fuzz::progress_line)),
        ("tokens", text.is_some_and(|text| token_file::parse(text).is_ok())),
    ])
}

fn understood(kinds: impl IntoIterator<Item = (&'static str, bool)>) -> Vec<String> {
    kinds.into_iter().filter(|(_, is)| *is).map(|(kind, _)| kind.to_owned()).collect()
}
