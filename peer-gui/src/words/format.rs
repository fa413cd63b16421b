//! Numbers as people read them: sizes, rates, times, shares of a whole, and names that fit.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Text that stands where there is nothing to say.
pub const NOTHING: &str = "–";

const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// Number of bytes in binary units: `640.0 MiB`, `512 B`.
pub fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut value, mut unit) = (bytes as f64 / 1024.0, 0);
    // 1023.95 would be written 1024.0, which the next unit says better.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Size that may not be known yet.
pub fn maybe_size(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| NOTHING.to_owned(), size)
}

/// Rate in bytes per second; a dash while nothing moves.
pub fn rate(bytes_per_second: u64) -> String {
    match bytes_per_second {
        0 => NOTHING.to_owned(),
        rate => format!("{}/s", size(rate)),
    }
}

/// Rate in bytes per second, also if it is 0.
pub fn speed(bytes_per_second: u64) -> String {
    format!("{}/s", size(bytes_per_second))
}

/// Moment in this computer's time zone: `2026-11-21 20:05`.
pub fn date_time(since_1970: u64) -> String {
    local(since_1970, "%Y-%m-%d %H:%M")
}

/// Time of day in this computer's time zone: `20:05:09`.
pub fn time(since_1970: u64) -> String {
    local(since_1970, "%H:%M:%S")
}

fn local(since_1970: u64, pattern: &str) -> String {
    let moment = i64::try_from(since_1970).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let zone = TimeZone::system();
    moment.map_or_else(|| NOTHING.to_owned(), |moment| moment.to_zoned(zone).strftime(pattern).to_string())
}

/// Time left: `0:09`, `1:11`, `2:03:04`, `3 d 4 h`; a dash if nobody knows.
pub fn eta(left: Option<Duration>) -> String {
    let Some(left) = left else { return NOTHING.to_owned() };
    let seconds = left.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (100.., _) => NOTHING.to_owned(),
        (1.., _) => format!("{days} d {hours} h"),
        (0, 1..) => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
        (0, 0) => format!("{minutes}:{:02}", seconds % 60),
    }
}

/// Part of `total` that is done, from 0 to 1. Nothing of an unknown total is done; an empty file is done when
/// `complete`.
pub fn fraction(done: u64, total: Option<u64>, complete: bool) -> f32 {
    match total {
        _ if complete => 1.0,
        None | Some(0) => 0.0,
        Some(total) => (done as f64 / total as f64).clamp(0.0, 1.0) as f32,
    }
}

/// Fraction as whole percent, rounded down: 100% means all of it.
pub fn percent(fraction: f32) -> String {
    format!("{}%", (fraction * 100.0).floor())
}

/// Number with its noun: `1 peer`, `2 peers`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Shortens a text that does not fit to as much of its beginning and of its end as fits around an ellipsis, so that a
/// file's extension stays in view. `fits` is asked a few times, with texts of different lengths.
pub fn elide_middle(text: &str, mut fits: impl FnMut(&str) -> bool) -> String {
    if fits(text) {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let (mut low, mut high) = (0, chars.len().saturating_sub(1));
    while low < high {
        let middle = (low + high).div_ceil(2);
        if fits(&elided(&chars, middle)) { low = middle } else { high = middle - 1 }
    }
    elided(&chars, low)
}

/// Puts `keep` characters around an ellipsis: a third of them, but at least eight if there are as many, from the end.
fn elided(chars: &[char], keep: usize) -> String {
    let tail = (keep / 3).max(8).min(keep);
    let head = keep - tail;
    let ends = chars[..head].iter().chain(['…'].iter()).chain(&chars[chars.len() - tail..]);
    ends.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_binary_units_with_one_digit() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (640 << 20, "640.0 MiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (1 << 30, "1.0 GiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(maybe_size(None), "–");
    }

    #[test]
    fn rates_and_times_have_a_dash_for_nothing() {
        assert_eq!((rate(0).as_str(), rate(4 << 20).as_str()), ("–", "4.0 MiB/s"));
        let of = |seconds| eta(Some(Duration::from_secs(seconds)));
        assert_eq!(of(9), "0:09");
        assert_eq!(of(71), "1:11");
        assert_eq!(of(2 * 3600 + 184), "2:03:04");
        assert_eq!(of(3 * 86_400 + 4 * 3600), "3 d 4 h");
        assert_eq!((of(u64::MAX).as_str(), eta(None).as_str()), ("–", "–"));
    }

    #[test]
    fn a_hundred_percent_means_all_of_it() {
        assert_eq!(percent(fraction(999, Some(1000), false)), "99%");
        assert_eq!(percent(fraction(1000, Some(1000), false)), "100%");
        assert_eq!(fraction(5, None, false), 0.0);
        assert_eq!((fraction(0, Some(0), true), fraction(0, Some(0), false)), (1.0, 0.0));
        assert_eq!(fraction(20, Some(10), false), 1.0);
    }

    #[test]
    fn names_keep_their_extension_when_shortened() {
        let fits = |max: usize| move |text: &str| text.chars().count() <= max;
        assert_eq!(elide_middle("short.txt", fits(20)), "short.txt");
        let elided = elide_middle("a very long name that goes on and on.tar.zst", fits(20));
        assert_eq!((elided.as_str(), elided.chars().count()), ("a very long….tar.zst", 20));
        assert_eq!(elide_middle("ääääääääääääää.md", fits(3)), "…md");
        assert_eq!(elide_middle("anything", |_| false), "…");
    }

    #[test]
    fn moments_are_told_as_people_write_them() {
        assert_eq!(date_time(1_790_000_000).len(), "2026-09-21 14:13".len());
        assert!(time(1_790_000_000).ends_with(":20"), "seconds are the same in every time zone of today");
        assert_eq!(date_time(u64::MAX), NOTHING);
    }

    #[test]
    fn counts_agree_with_their_noun() {
        assert_eq!((count(1, "peer", "peers"), count(0, "peer", "peers")), ("1 peer".into(), "0 peers".into()));
    }
}
