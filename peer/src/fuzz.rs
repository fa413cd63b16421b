//! Entry points for fuzzing the parsers of this crate's own files, which a crash or somebody with access to the disk
//! may have changed.

use crate::discovery::trackers::token_file;
use crate::peers::bans::BanList;
use crate::state::library::{KeptFile, Library};

/// Parses `bytes` as each kind of state file: transfer list, ban list, file list of a folder, progress line of an
/// unfinished folder, token file. Returns the kinds as which the bytes were accepted.
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
