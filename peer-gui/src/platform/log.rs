//! The last lines of the log, in memory, for a person to read and to save.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use sprat_protocol::name::is_invisible;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// Number of lines that are kept.
const LINES: usize = 2_000;
/// Longest line, in bytes.
const LINE: usize = 1_024;
/// Text in place of a password in an address.
const MASK: &str = "…";

/// Last lines of the log. Clones are the same log.
#[derive(Clone, Default)]
pub struct LogRing(Arc<Mutex<Ring>>);

#[derive(Default)]
struct Ring {
    lines: VecDeque<LogLine>,
    version: u64,
}

/// Line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Moment at which the line was written.
    pub seconds_since_1970: u64,
    /// Level of the event.
    pub level: Level,
    /// Text of the event. One line, without control characters, at most 1 KiB.
    pub text: String,
}

impl LogRing {
    /// Creates a layer that takes in events of Sprat from `info` on, and of other libraries from `warn` on.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        let ours_from_info = Targets::new().with_target("sprat_", Level::INFO).with_default(LevelFilter::WARN);
        Recorder(self.clone()).with_filter(ours_from_info)
    }

    /// Lines, oldest first.
    pub fn lines(&self) -> Vec<LogLine> {
        self.0.lock().lines.iter().cloned().collect()
    }

    /// Number of lines that there ever were.
    pub fn version(&self) -> u64 {
        self.0.lock().version
    }

    /// Writes all lines as a text, for saving.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for LogLine { seconds_since_1970, level, text: said } in self.lines() {
            let time = UNIX_EPOCH + Duration::from_secs(seconds_since_1970);
            // Writing to a string does not fail.
            let _ = writeln!(text, "{} {level:5} {said}", humantime::format_rfc3339_seconds(time));
        }
        text
    }

    fn push(&self, line: LogLine) {
        let mut ring = self.0.lock();
        ring.version += 1;
        if ring.lines.len() == LINES {
            ring.lines.pop_front();
        }
        ring.lines.push_back(line);
    }
}

impl fmt::Debug for LogRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogRing").field("version", &self.version()).finish_non_exhaustive()
    }
}

struct Recorder(LogRing);

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut said = Said { source: event.metadata().target().to_owned(), ..Said::default() };
        event.record(&mut said);
        self.0.push(LogLine { seconds_since_1970: now.as_secs(), level: *event.metadata().level(), text: said.line() });
    }
}

/// Words of an event.
#[derive(Default)]
struct Said {
    source: String,
    message: Text,
    fields: Text,
}

impl Said {
    fn line(self) -> String {
        let mut line = Text::default();
        // It cuts off what is too much and does not fail.
        let _ = write!(line, "{}: {}{}", self.source, self.message.0, self.fields.0);
        without_passwords(&line.0)
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            // The line of source code of a record that came by the crate `log`.
            name if name.starts_with("log.") => Ok(()),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "log.target" => value.clone_into(&mut self.source),
            _ => self.record_debug(field, &format_args!("{value}")),
        }
    }
}

/// Text with a longest length, and without characters that could make it look like another.
#[derive(Default)]
struct Text(String);

impl fmt::Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        for char in more.chars() {
            let char = if char.is_control() || is_invisible(char) { char::REPLACEMENT_CHARACTER } else { char };
            if self.0.len() + char.len_utf8() > LINE {
                break;
            }
            self.0.push(char);
        }
        Ok(())
    }
}

/// Masks names and passwords in addresses (`http://name:password@host`) of a line.
fn without_passwords(line: &str) -> String {
    let mut parts = line.split("://");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        masked.push_str("://");
        let authority = part.find(|c: char| c.is_whitespace() || "/?#\"".contains(c)).unwrap_or(part.len());
        match part[..authority].rfind('@') {
            Some(at) if masked.len() + MASK.len() + part.len() - at <= LINE => {
                masked.push_str(MASK);
                masked.push_str(&part[at..]);
            }
            Some(_) => break,
            None => masked.push_str(part),
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::prelude::*;

    use super::*;

    fn logged(log: impl FnOnce()) -> LogRing {
        let ring = LogRing::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(ring.layer()), log);
        ring
    }

    fn texts(ring: &LogRing) -> Vec<String> {
        ring.lines().into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn ours_counts_from_info_and_others_from_warn() {
        let ring = logged(|| {
            tracing::info!(target: "sprat_peer::engine", file = "a b", n = 3, "shared");
            tracing::debug!(target: "sprat_peer::engine", "not this");
            tracing::info!(target: "hyper", "nor this");
            tracing::warn!(target: "hyper", "but this");
        });
        assert_eq!(texts(&ring), ["sprat_peer::engine: shared file=a b n=3", "hyper: but this"]);
        assert_eq!(ring.version(), 2);
        let mut lines = ring.lines();
        assert_eq!((lines[0].level, lines[1].level), (Level::INFO, Level::WARN));
        lines[0].seconds_since_1970 = 1_800_000_000;
        let text = { logged(|| ()).tap(lines.remove(0)).to_text() };
        assert_eq!(text, "2027-01-15T08:00:00Z INFO  sprat_peer::engine: shared file=a b n=3\n");
    }

    impl LogRing {
        fn tap(self, line: LogLine) -> Self {
            self.push(line);
            self
        }
    }

    #[test]
    fn it_keeps_the_last_lines_and_cuts_long_ones() {
        let ring = logged(|| {
            for n in 0..LINES + 10 {
                tracing::info!("{n}");
            }
            tracing::info!(name = "\u{1f41f}".repeat(1000), "long");
        });
        let texts = texts(&ring);
        assert_eq!((texts.len(), ring.version()), (LINES, LINES as u64 + 11));
        assert!(texts[0].ends_with(": 11"), "{}", texts[0]);
        assert!(texts.last().unwrap().len() <= LINE);
    }

    #[test]
    fn a_name_makes_no_second_line() {
        let ring = logged(|| tracing::info!(name = "a\n\u{1b}[31mb", "shared"));
        assert!(texts(&ring)[0].ends_with("shared name=a\u{fffd}\u{fffd}[31mb"));
    }

    #[test]
    fn passwords_in_addresses_are_masked() {
        for (line, masked) in [
            ("url=http://ada:secret@hub:5000/ x", "url=http://…@hub:5000/ x"),
            ("\"http://hub/a@b\" https://t@h", "\"http://hub/a@b\" https://…@h"),
            ("no address, a@b", "no address, a@b"),
        ] {
            assert_eq!(without_passwords(line), masked);
        }
        let long = format!("{}http://{}@hub", " ".repeat(LINE - 13), "s@");
        assert!(without_passwords(&long).len() <= LINE && !without_passwords(&long).contains("s@"));
    }
}
