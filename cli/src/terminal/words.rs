//! Numbers and texts in the words of a person, or of a shell.

use indicatif::HumanBytes;

/// A number of bytes for a person: `12.30 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    HumanBytes(bytes).to_string()
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// A text as one word of a POSIX shell (POSIX.1-2024, Shell Command Language §2.2.2).
pub(crate) fn shell_quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_one_word_of_a_shell() {
        for (text, quoted) in [
            ("", "''"),
            ("sprat:ab?name=a%20b&size=3", "'sprat:ab?name=a%20b&size=3'"),
            ("it's", r"'it'\''s'"),
            ("$(reboot) `x` \\ \" *", "'$(reboot) `x` \\ \" *'"),
        ] {
            assert_eq!(shell_quote(text), quoted);
        }
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!([count(0, "file"), count(1, "file"), count(2, "file")], ["0 files", "1 file", "2 files"]);
    }
}
