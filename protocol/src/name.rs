//! File names that came from the network, cleaned: one path component, harmless on every platform.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// A file name that is safe to join to a folder: not empty, not `.` or `..`, without separators, control or bidi
/// characters, without a name that Windows keeps for itself, in NFC, and at most [`FileName::MAX_LEN`] bytes long.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

impl FileName {
    /// Length in bytes that leaves room, within the 255 of most file systems, for a number and for the suffixes of
    /// unfinished files.
    pub const MAX_LEN: usize = 225;

    /// Makes a safe name of any text. What cannot stay becomes `_`, so that the name still tells what it was.
    ///
    /// A dot in front becomes `_` too, `.bash_profile` thus `_bash_profile`: systems hide such a name and programs read
    /// files of such names by themselves, so nobody else may choose one for what appears in a folder of the user's.
    pub fn clean(text: &str) -> Self {
        let Self(mut name) = Self::clean_keeping_dot(text);
        if name.starts_with('.') {
            name.replace_range(..1, "_");
        }
        Self(name)
    }

    /// Makes a safe name as [`FileName::clean`] does, but leaves a dot in front: for a name that the user gave, and for
    /// names within a folder, which may have a `.gitignore`.
    pub fn clean_keeping_dot(text: &str) -> Self {
        let name: String = text.chars().filter(|c| !is_invisible(*c)).nfc().map(replace_unsafe).collect();
        let mut name = match trim(&name) {
            "" => "unnamed".to_owned(),
            name if is_reserved_on_windows(name) => format!("_{name}"),
            name => name.to_owned(),
        };
        truncate_before_extension(&mut name, Self::MAX_LEN);
        name.truncate(trim(&name).len());
        Self(name)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This name with a number before its extension: `report.pdf` → `report (2).pdf`.
    pub fn numbered(&self, number: u32) -> String {
        let (stem, extension) = split_extension(&self.0);
        format!("{stem} ({number}){extension}")
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Windows drops dots and spaces at the end, so two names could become one there; spaces in front only confuse.
fn trim(name: &str) -> &str {
    name.trim_start().trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

/// Characters that show nothing but change how the rest is shown: zero-width, bidi controls (UAX #9), byte-order mark.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Cleans a text that a stranger says of itself for one line of a screen: without control and invisible characters, and
/// at most `max` characters long.
pub fn clean_line(text: &str, max: usize) -> String {
    let shown = text.trim().chars().filter(|c| !c.is_control() && !is_invisible(*c)).take(max);
    shown.collect::<String>().trim().to_owned()
}

/// Characters that some platform gives a meaning to.
fn replace_unsafe(c: char) -> char {
    match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
        c if c.is_control() => '_',
        c => c,
    }
}

/// Device names, with or without an extension (Microsoft, "Naming Files, Paths, and Namespaces").
fn is_reserved_on_windows(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let numbered = |device: &str| {
        let digit = stem.strip_prefix(device).and_then(|rest| {
            let mut chars = rest.chars();
            chars.next().filter(|_| chars.next().is_none())
        });
        digit.is_some_and(|c| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³'))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") || numbered("COM") || numbered("LPT")
}

/// Stem and extension with its dot; a name that only begins with a dot has no extension.
fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= 16 => name.split_at(dot),
        _ => (name, ""),
    }
}

/// Shortens a name to `max` bytes at a character's border, in its stem: the extension says what the file is.
fn truncate_before_extension(name: &mut String, max: usize) {
    if name.len() <= max {
        return;
    }
    let extension = split_extension(name).1.to_owned();
    name.truncate(name.floor_char_boundary(max - extension.len()));
    name.push_str(&extension);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "a",
            "report.pdf",
            "Großes Buch (2).epub",
            "日本語.txt",
            "a.b.c",
            "שלום.md",
            "🦀.rs",
            "x.tar.zst",
            "COMMON.txt",
            "com10",
        ] {
            assert_eq!(FileName::clean(name).as_str(), name);
        }
    }

    #[test]
    fn hostile_names_become_harmless() {
        for (hostile, clean) in [
            ("", "unnamed"),
            (".", "unnamed"),
            ("..", "unnamed"),
            (" . ", "unnamed"),
            ("../../etc/passwd", "_._.._etc_passwd"),
            ("/etc/passwd", "_etc_passwd"),
            ("C:\\Windows\\x.exe", "C__Windows_x.exe"),
            ("\\\\server\\share", "__server_share"),
            ("a\0b", "a_b"),
            ("a\nb\u{7f}\u{85}", "a_b__"),
            ("x.exe. . ", "x.exe"),
            ("x\u{2002}. \u{2003}.", "x"),
            ("con", "_con"),
            ("NUL.txt", "_NUL.txt"),
            ("Aux .tar.gz", "_Aux .tar.gz"),
            ("lpt9", "_lpt9"),
            ("COM¹.log", "_COM¹.log"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            ("a\u{200b}b\u{feff}", "ab"),
            ("\u{202e}", "unnamed"),
            ("file:stream", "file_stream"),
            ("Cafe\u{301}", "Café"),
        ] {
            assert_eq!(FileName::clean(hostile).as_str(), clean, "{hostile:?}");
        }
    }

    #[test]
    fn what_a_stranger_says_of_itself_is_one_harmless_line() {
        for (said, shown) in [
            ("Ada's laptop", "Ada's laptop"),
            ("שלום 日本 🦀", "שלום 日本 🦀"),
            ("  a\r\nb\u{1b}[2J ", "ab[2J"),
            ("\u{202e}evil\u{200b}", "evil"),
            ("\u{202e}\u{2066}\n", ""),
            ("\u{200b} a", "a"),
        ] {
            assert_eq!(clean_line(said, 64), shown, "{said:?}");
        }
        assert_eq!(clean_line(&"ä".repeat(100), 64), "ä".repeat(64));
    }

    #[test]
    fn long_names_keep_their_extension() {
        let name = FileName::clean(&format!("{}.tar", "ä".repeat(400)));
        assert!(name.as_str().len() <= FileName::MAX_LEN && name.as_str().ends_with("ä.tar"), "{name}");
        assert!(FileName::clean(&"a.".repeat(400)).as_str().len() <= FileName::MAX_LEN);
        assert_eq!(FileName::clean("report.pdf").numbered(2), "report (2).pdf");
        assert_eq!(FileName::clean_keeping_dot(".bashrc").numbered(3), ".bashrc (3)");
    }

    #[test]
    fn a_dot_in_front_stays_only_where_the_user_or_a_folder_has_it() {
        for (hidden, clean, kept) in [
            (".bash_profile", "_bash_profile", ".bash_profile"),
            ("..x", "_.x", "..x"),
            (" \u{200b}\u{202e} .ssh", "_ssh", ".ssh"),
            ("\u{feff}.\u{200b}profile", "_profile", ".profile"),
            (".con", "_con", ".con"),
            ("...", "unnamed", "unnamed"),
            (".\u{200b}", "unnamed", "unnamed"),
        ] {
            assert_eq!(FileName::clean(hidden).as_str(), clean, "{hidden:?}");
            assert_eq!(FileName::clean_keeping_dot(hidden).as_str(), kept, "{hidden:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_one_component_and_cleaning_it_again_changes_nothing(text in "(\\PC|[\\./\\\\: ]|\\p{Cc}|con|nul|\u{202e}){0,300}") {
            let name = FileName::clean(&text);
            let mut components = std::path::Path::new(name.as_str()).components();
            prop_assert!(matches!(components.next(), Some(std::path::Component::Normal(_))));
            prop_assert!(components.next().is_none());
            prop_assert!(!name.as_str().contains(['/', '\\', '\0', ':']));
            prop_assert!(name.as_str().len() <= FileName::MAX_LEN);
            prop_assert!(!name.as_str().starts_with('.'));
            prop_assert_eq!(FileName::clean(name.as_str()), name);
            let kept = FileName::clean_keeping_dot(&text);
            prop_assert_eq!(FileName::clean_keeping_dot(kept.as_str()), kept);
        }
    }
}
