//! The configuration file: its values, and the line of each.

use std::path::Path;

use toml::Value;
use toml::de::DeTable;

use super::key::{GROUPS, Key, keys};
use super::text_file;
use crate::model::shown::shown;

/// Upper bound of the length of a file, more than anybody writes by hand.
const MAX_LEN: u64 = 1024 * 1024;
/// Likeness of two words, from 0 to 1, from which one is taken to be meant where the other stands.
const ALIKE: f64 = 0.85;

/// Contents of a file.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// Each value with its line, counted from 1.
    pub(super) values: Vec<(Key, Value, usize)>,
    /// Problems: sentences on what in the file is no key, with their lines.
    pub(crate) problems: Vec<(String, usize)>,
}

/// Reads a file.
///
/// # Errors
/// It cannot be read, or is no TOML, in words for people.
pub(super) fn read(path: &Path) -> Result<Contents, String> {
    let text = text_file::read(path, MAX_LEN).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    parse(&text).map_err(|error| format!("{} is not valid TOML: {}", path.display(), error.trim_end()))
}

pub(crate) fn parse(text: &str) -> Result<Contents, String> {
    let spans = DeTable::parse(text).map_err(|error| error.to_string())?;
    let mut values: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let line = |at: usize| text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    let mut contents = Contents::default();
    for (name, spanned) in spans.get_ref() {
        let Some(value) = values.remove(name.get_ref().as_ref()) else { continue };
        let at = line(name.span().start);
        if !GROUPS.iter().any(|group| group.name == name.get_ref()) {
            contents.add("", name.get_ref(), value, at);
            continue;
        }
        let (Value::Table(mut table), Some(spans)) = (value, spanned.get_ref().as_table()) else {
            let name = name.get_ref();
            contents.problems.push((format!("{name} is a table; write [{name}], and its keys below that"), at));
            continue;
        };
        for key in spans.keys() {
            let Some(value) = table.remove(key.get_ref().as_ref()) else { continue };
            contents.add(name.get_ref(), key.get_ref(), value, line(key.span().start));
        }
    }
    Ok(contents)
}

impl Contents {
    fn add(&mut self, group: &str, name: &str, value: Value, line: usize) {
        match keys().find(|key| key.group == group && key.name == name) {
            Some(key) => self.values.push((key, value, line)),
            None if value.is_table() => self.problems.push((unknown_table(name), line)),
            None => self.problems.push((unknown_key(group, name), line)),
        }
    }
}

fn unknown_table(name: &str) -> String {
    let groups = GROUPS.iter().map(|group| group.name.to_owned());
    match nearest(name, groups) {
        Some(meant) => format!("there is no table {:?}; did you mean [{meant}]?", shown(name)),
        None => format!("there is no table {:?}; {EVERYTHING}", shown(name)),
    }
}

fn unknown_key(group: &str, name: &str) -> String {
    let written = if group.is_empty() { name.to_owned() } else { format!("{group}.{name}") };
    let elsewhere = keys().find(|key| key.name == name).map(|key| key.path());
    match elsewhere.or_else(|| nearest(&written, keys().map(|key| key.path()))) {
        Some(meant) => format!("there is no key {:?}; did you mean {meant}?", shown(&written)),
        None => format!("there is no key {:?}; {EVERYTHING}", shown(&written)),
    }
}

const EVERYTHING: &str = "`sprat-tracker config --example` lists everything";

/// Finds the word that was probably meant.
fn nearest(written: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let known = known.map(|known| (strsim::jaro_winkler(written, &known), known));
    known.filter(|(likeness, _)| *likeness >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_with_their_lines() {
        let text = "# a comment\nlease = \"5m\"\nlimits.peers = 1\n[log]\n\nlevel = 'debug'\n";
        let contents = parse(text).unwrap();
        let lines: Vec<(String, usize)> = contents.values.iter().map(|(key, _, line)| (key.path(), *line)).collect();
        assert_eq!(lines, [("lease".into(), 2), ("limits.peers".into(), 3), ("log.level".into(), 6)]);
        assert_eq!((contents.values[1].1.clone(), contents.problems.len()), (Value::Integer(1), 0));
    }

    #[test]
    fn what_is_no_key_is_named_with_its_line_and_what_was_probably_meant() {
        for (text, line, says) in [
            ("\nleese = 1", 2, "\"leese\"; did you mean lease?"),
            ("[limits]\nfiles_per_pier = 1", 2, "did you mean limits.files_per_peer?"),
            ("files_per_peer = 1", 1, "did you mean limits.files_per_peer?"),
            ("[limit]\nfiles = 1", 1, "did you mean [limits]?"),
            ("[sever.tls]\nfiles = 1", 1, "there is no table \"sever\"; did you mean [server]?"),
            ("zzz = 1", 1, "config --example"),
            ("limits = 3", 1, "write [limits]"),
            ("[[limits]]\nfiles = 1", 1, "write [limits]"),
            ("\"two\\nlines\" = 3", 1, "\"two\\nlines\""),
        ] {
            let contents = parse(text).unwrap();
            assert_eq!(contents.problems.len(), 1, "{text}: {contents:?}");
            assert_eq!(contents.problems[0].1, line, "{text}");
            assert!(contents.problems[0].0.contains(says), "{}", contents.problems[0].0);
        }
    }

    #[test]
    fn hostile_files_are_refused_in_words() {
        for text in
            ["a = ", "= 1", "[a]\n[a]", "a = 1\na = 2", "a = \"\n\"", &"[".repeat(100_000), &"a.".repeat(10_000)]
        {
            assert!(!parse(text).unwrap_err().is_empty());
        }
        let nested = format!("lease = {}{}", "[".repeat(50_000), "]".repeat(50_000));
        assert!(parse(&nested).unwrap_err().len() < nested.len() * 3);
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        for path in [
            folder.path().join("missing"),
            folder.path().to_owned(),
            write("latin1", b"names = [\"M\xfcller\"]"),
            write("long", &vec![b'\n'; MAX_LEN as usize + 1]),
        ] {
            let error = read(&path).unwrap_err();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
        }
        assert!(read(&write("full", &vec![b'\n'; MAX_LEN as usize])).is_ok());
    }
}
