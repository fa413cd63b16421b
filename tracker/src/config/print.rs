//! The configuration as text: an example of everything, and what is in force.

use std::fmt::Write;

use toml::Table;

use super::key::{GROUPS, Key, keys};
use super::sources::{DEFAULT_FILE, Effective};

/// A file with every key, its meaning and its default. All values are comments, so what it is used for unchanged stays
/// at the defaults of later versions too.
pub fn example() -> String {
    let mut text = format!(
        "# The configuration of sprat-tracker, by default at {DEFAULT_FILE}.\n\
         # What stands here as a comment is the default, or an example where the default is nothing.\n\
         # Each key is also a variable of the environment, SPRAT_TRACKER_LIMITS_FILES for limits.files, and a flag,\n\
         # --limits-files. A flag wins over the environment, that over this file, and that over the default.\n\
         # Lengths of time are written as \"90s\", \"5m\", \"1h\" or \"90d\", or as seconds.\n"
    );
    sections(&mut text, true, |key| match key.default() {
        Some(value) => format!("#{} = {value}", key.name),
        None => format!("#{} = {}", key.name, key.sample().unwrap_or_default()),
    });
    text
}

/// Every value that is in force, with where it came from: a file that can be used as it is.
pub fn effective(effective: &Effective) -> String {
    let values: Table = effective.config.values();
    let mut text = String::new();
    sections(&mut text, false, |key| match key.value_in(&values) {
        Some(value) => format!("{} = {}  # {}", key.name, value, effective.origin(key)),
        None => format!("# {} is not set", key.name),
    });
    text
}

/// All keys, a line each, below the names of their groups.
fn sections(text: &mut String, with_about: bool, line: impl Fn(Key) -> String) {
    let mut group = "";
    for key in keys() {
        if key.group != group {
            group = key.group;
            let about = GROUPS.iter().find(|known| known.name == group).map_or("", |known| known.about);
            text.push('\n');
            comment(text, with_about, about);
            let _ = writeln!(text, "[{group}]");
        }
        if with_about {
            text.push('\n');
        }
        comment(text, with_about, key.about);
        text.push_str(&line(key));
        text.push('\n');
    }
}

fn comment(text: &mut String, with_about: bool, about: &str) {
    for line in about.lines().filter(|_| with_about) {
        let _ = writeln!(text, "# {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::check::problems;
    use crate::config::sources::Sources;
    use crate::config::tracker::Config;

    fn parse(text: &str) -> Config {
        toml::from_str(text).unwrap()
    }

    /// The example with its values no longer comments.
    fn uncommented() -> String {
        let lines = example();
        let lines = lines.lines().map(|line| match line.strip_prefix('#') {
            Some(value) if !value.starts_with(' ') => value,
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_example_is_the_defaults() {
        assert_eq!(parse(&example()), Config::default());
        let text = uncommented();
        let mut table: Table = text.parse().unwrap();
        for key in keys() {
            assert!(key.value_in(&table).is_some(), "{} is missing", key.path());
            key.check(key.value_in(&table).unwrap()).unwrap();
            if key.default().is_none() {
                let table = if key.group.is_empty() { &mut table } else { table[key.group].as_table_mut().unwrap() };
                table.remove(key.name);
            }
        }
        assert_eq!(table, Config::default().values());
    }

    #[test]
    fn the_example_fits_a_terminal() {
        let long = example().lines().find(|line| line.chars().count() > 120).map(str::to_owned);
        assert_eq!(long, None);
    }

    #[test]
    fn the_examples_in_the_guide_are_configurations() {
        let guide = include_str!("../../../docs/tracker.md");
        let blocks = guide.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap());
        let configs: Vec<Config> = blocks.map(parse).collect();
        assert!(configs.len() >= 3 && configs.iter().all(|config| problems(config).is_empty()));
    }

    #[test]
    fn what_is_in_force_is_a_file_that_says_the_same() {
        let environment = vec![("SPRAT_TRACKER_DATA_DIR".into(), "/a \"b\"/c#d".into())];
        let sources = Sources { file: Some("/dev/null".into()), environment, flags: Vec::new() };
        let in_force = sources.read().unwrap();
        let text = effective(&in_force);
        assert_eq!(parse(&text), in_force.config);
        assert!(
            text.contains("  # SPRAT_TRACKER_DATA_DIR\n") && text.contains("lease = \"90s\"  # default\n"),
            "{text}"
        );
        assert!(text.contains("# tls is not set\n"), "{text}");
    }
}
