//! What is asked on top of everything else, one thing at a time.

use std::num::NonZeroU32;

use sprat_chunking::FileId;
use sprat_protocol::Link;

/// A dialog.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// Whether to delete what was downloaded.
    Delete {
        /// Of which transfers.
        files: Vec<FileId>,
        /// What they are called, or how many they are.
        what: String,
    },
    /// Where to move to.
    Move {
        /// Which transfers.
        files: Vec<FileId>,
        /// The field for the folder.
        dir: String,
    },
    /// How fast.
    Limits {
        /// Which transfers.
        files: Vec<FileId>,
        /// The field for what is sent.
        up: String,
        /// The field for what arrives.
        down: String,
        /// What is wrong with them.
        error: Option<&'static str>,
    },
    /// Who else has it.
    AddPeer {
        /// Which transfer.
        file_id: FileId,
        /// The field for the address.
        addr: String,
        /// What is wrong with it.
        error: Option<&'static str>,
    },
    /// Everything that can be done.
    Palette {
        /// The words that it is searched for.
        words: String,
        /// Which of those found is marked.
        marked: usize,
    },
    /// A link to be photographed.
    Qr {
        /// The file's name.
        name: String,
        /// The link.
        link: Box<Link>,
    },
    /// The keys.
    Shortcuts,
    /// The licences.
    Licences,
    /// The log, oldest line first.
    Log(Vec<String>),
}

/// A text that is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotALimit;

/// Reads a limit: a number of KiB a second, or nothing for none.
///
/// # Errors
/// If it is neither.
pub fn parse_limit(text: &str) -> Result<Option<NonZeroU32>, NotALimit> {
    match text.trim() {
        "" | "0" => Ok(None),
        number => {
            let bytes = number.parse::<u32>().ok().and_then(|kib| kib.checked_mul(1024));
            bytes.map(NonZeroU32::new).ok_or(NotALimit)
        }
    }
}

/// A limit as such a field has it.
pub fn limit_text(limit: Option<NonZeroU32>) -> String {
    limit.map_or_else(String::new, |limit| limit.get().div_ceil(1024).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_kib_a_second_or_nothing() {
        assert_eq!(parse_limit(" 2 "), Ok(NonZeroU32::new(2048)));
        assert_eq!((parse_limit(""), parse_limit("0")), (Ok(None), Ok(None)));
        for wrong in ["fast", "-1", "1.5", "4194304", "99999999999"] {
            assert_eq!(parse_limit(wrong), Err(NotALimit), "{wrong}");
        }
        assert_eq!(limit_text(parse_limit("300").unwrap()), "300");
        assert_eq!((limit_text(None).as_str(), limit_text(NonZeroU32::new(1)).as_str()), ("", "1"));
    }
}
