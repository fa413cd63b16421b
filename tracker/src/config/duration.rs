//! Lengths of time as people write them: `"90s"`, `"5m"`, `"1h 30m"`, or plain seconds. For serde's `with`.

use std::fmt;
use std::time::Duration;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// The units in which a length is written, longest first, in milliseconds.
const UNITS: [(u128, &str); 5] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")];
/// The length in the longest unit in which it is a whole number: 90s, and not 1m 30s.
pub(crate) fn text(duration: Duration) -> String {
    let millis = duration.as_millis();
    let unit = UNITS.iter().find(|(unit, _)| millis >= *unit && millis.is_multiple_of(*unit));
    let (unit, name) = unit.unwrap_or(&(1000, "s"));
    format!("{}{name}", millis / unit)
}

/// The length of time that this text says: `90s`, `5m`, `1h 30m`, `90d`, or seconds.
///
/// # Errors
/// A sentence on what it should be.
pub fn parse(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    humantime::parse_duration(text).map_err(|error| format!("{text:?} is {EXPECTED}: {error}"))
}

const EXPECTED: &str = "no length of time such as \"90s\", \"5m\", \"1h 30m\" or \"90d\"";

pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*duration))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(Length)
}

struct Length;

impl Visitor<'_> for Length {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time such as \"90s\" or \"5m\", or seconds")
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Duration, E> {
        let seconds = u64::try_from(seconds).map_err(|_| E::custom("no length of time is negative"))?;
        Ok(Duration::from_secs(seconds))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_the_unit_that_is_exact_and_read_again() {
        for (millis, expected) in [
            (0, "0s"),
            (1, "1ms"),
            (1500, "1500ms"),
            (90_000, "90s"),
            (300_000, "5m"),
            (86_400_000, "1d"),
            (90 * 86_400_000, "90d"),
            (90_060_000, "1501m"),
        ] {
            let duration = Duration::from_millis(millis);
            assert_eq!(text(duration), expected);
            assert_eq!(parse(expected), Ok(duration));
        }
    }

    #[test]
    fn other_ways_to_write_them_are_read_too_and_nonsense_is_not() {
        assert_eq!(parse("90"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("1h 30m"), Ok(Duration::from_secs(5400)));
        for nonsense in ["", "soon", "-5s", "5 parsecs", "99999999999999999999d", "1e9", "∞"] {
            assert!(parse(nonsense).unwrap_err().contains("90s"), "{nonsense}");
        }
    }
}
