//! SEARCH: "Which files are called like this?"

use serde::{Deserialize, Serialize};
use sprat_chunking::FileId;

/// The most bytes of words in one SEARCH.
pub const MAX_SEARCH_WORDS_LEN: usize = 255;
/// Number of files on a page.
pub const SEARCH_PAGE_LEN: usize = 50;

/// Asks for files by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Search {
    /// Words that the name must contain, all of them, in any order and case; at most [`MAX_SEARCH_WORDS_LEN`] bytes.
    pub words: String,
    /// Page of [`SEARCH_PAGE_LEN`] files, counted from 0.
    #[serde(default)]
    pub page: u32,
}

/// The tracker's answer to a [`Search`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchAnswer {
    /// The files of this page, best first.
    pub files: Vec<SearchHit>,
    /// True if there is another page.
    pub more: bool,
}

/// A file whose name matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchHit {
    /// The file.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub file_id: FileId,
    /// Its name, as it came: clean it before it meets a file system or a screen.
    pub name: String,
    /// Length in bytes.
    pub size: u64,
    /// Number of peers that have all of the file, now.
    pub seeders: u32,
    /// Number of peers that have or fetch a part of the file, now.
    pub leechers: u32,
    /// Time at which the file was first registered, in seconds since 1970 (UTC).
    pub first_seen: u64,
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ID, assert_golden};
    use super::super::{Answer, Request};
    use super::*;

    #[test]
    fn golden_request_and_answer() {
        assert_golden(
            &Request::Search(Search { words: "big bunny".into(), page: 2 }),
            r#"{"type":"SEARCH","words":"big bunny","page":2}"#,
        );
        let hit = SearchHit {
            file_id: ID.parse().unwrap(),
            name: "a.iso".into(),
            size: 9,
            seeders: 1,
            leechers: 2,
            first_seen: 1_790_000_000,
        };
        assert_golden(
            &Answer::SearchAnswer(SearchAnswer { files: vec![hit], more: true }),
            &format!(
                r#"{{"type":"SEARCH_ANSWER","files":[{{"file_id":"{ID}","name":"a.iso","size":9,"seeders":1,"leechers":2,"first_seen":1790000000}}],"more":true}}"#
            ),
        );
    }
}
