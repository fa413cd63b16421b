//! Requests under a name that the tracker does not go by: they are refused, and only the operator can mend it.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::model::shown::shown;

/// Pause between two lines of the log about it.
const PAUSE: Duration = Duration::from_secs(60);

/// Way to mend it.
const MENDED: &str = "if that is one of its own names, add it to `names`";

/// Watch over requests for a tracker of another name.
#[derive(Debug, Default)]
pub(super) struct Misnamed(Mutex<Unsaid>);

#[derive(Debug, Default)]
struct Unsaid {
    last: Option<Instant>,
    /// Refusals since then that the log says nothing of.
    count: u64,
}

impl Misnamed {
    /// Notes a REGISTER for a tracker of this name, while this one goes by others; has the log say so once a minute.
    pub(super) fn note_register(&self, now: Instant, asked: &str, names: &[String]) {
        let Some(count) = self.due(now) else { return };
        let asked = shown(asked);
        tracing::warn!(asked, ?names, count, "peers cannot register: they know this tracker by another name; {MENDED}");
    }

    /// Notes a request for this host, likewise. Those who try every address of the internet send some.
    pub(super) fn note_host(&self, now: Instant, asked: &str, names: &[String]) {
        let Some(count) = self.due(now) else { return };
        let asked = shown(asked);
        tracing::info!(asked, ?names, count, "requests are refused that name another host; {MENDED}");
    }

    /// Number of refusals to tell of now, with this one; none if the log said something not long ago.
    fn due(&self, now: Instant) -> Option<u64> {
        let mut unsaid = self.0.lock();
        unsaid.count += 1;
        if unsaid.last.is_some_and(|last| now.saturating_duration_since(last) < PAUSE) {
            return None;
        }
        unsaid.last = Some(now);
        Some(std::mem::take(&mut unsaid.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_once_a_minute_with_how_often() {
        let (misnamed, start) = (Misnamed::default(), Instant::now());
        let due = |seconds| misnamed.due(start + Duration::from_secs(seconds));
        assert_eq!([0, 1, 59, 60, 61, 200].map(due), [Some(1), None, None, Some(3), None, Some(2)]);
    }
}
