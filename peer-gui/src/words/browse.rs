//! Words of the Browse screen.

pub const SEARCH: &str = "Search";
pub const SEARCH_FILES: &str = "Search for files";
pub const SEARCH_FIELD: &str = "Words in the file's name";
pub const SEARCH_NEEDS_TRACKER: &str = "Files are found by a tracker. Add one in the settings.";
pub const BROWSE_EMPTY: &str = "What are you looking for?";
pub const BROWSE_HINT: &str = "Search the files that others share on your trackers.";
pub const BROWSE_SEARCHING: &str = "Searching…";
pub const BROWSE_OTHER_WORDS: &str = "Try fewer words, or a part of a word from its beginning.";
pub const SHOW_MORE: &str = "Show more";
pub const SEEDERS: &str = "Seeders";
pub const GET: &str = "Get";
pub const HAVE_IT: &str = "You have it";

/// Heading of a search without a result.
pub fn nothing_called(words: &str) -> String {
    format!("Nothing is called “{words}”")
}

/// Name of the button that downloads a file of the result.
pub fn get(name: &str) -> String {
    format!("{GET} {name}")
}
