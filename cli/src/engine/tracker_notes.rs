//! Telling a person, once, that a tracker is away, and that it is back.

use std::collections::{HashMap, HashSet};

use sprat_api::{TrackerState, TrackerView};
use url::Url;

use crate::terminal::output::Output;

/// Trackers that were told of as being away, as unable to connect to this peer, or as refusing it, and why.
#[derive(Debug, Default)]
pub(crate) struct TrackerNotes {
    away: HashSet<Url>,
    unreachable: HashSet<Url>,
    refused: HashMap<Url, String>,
}

impl TrackerNotes {
    /// Tells of what changed.
    pub(crate) fn tell(&mut self, trackers: &[TrackerView], output: Output) {
        for text in self.changes(trackers) {
            output.note(&text);
        }
    }

    fn changes(&mut self, trackers: &[TrackerView]) -> Vec<String> {
        let mut texts = Vec::new();
        for TrackerView { reachable, refusal, url, state } in trackers {
            match state {
                TrackerState::Away { reason, .. } if self.away.insert(url.clone()) => {
                    texts.push(format!("{reason}. It is tried again by itself."));
                }
                TrackerState::Online if self.away.remove(url) => {
                    texts.push(format!("The tracker at {url} answers again."));
                }
                _ => {}
            }
            match reachable {
                Some(false) if self.unreachable.insert(url.clone()) => texts.push(format!(
                    "The tracker at {url} could not connect to this computer: others get the file only if they can be \
                     reached themselves. Open this program's port in the firewall or router, and choose one with --listen."
                )),
                Some(true) if self.unreachable.remove(url) => {
                    texts.push(format!("The tracker at {url} can connect to this computer now."));
                }
                _ => {}
            }
            if let Some(refusal) = refusal
                && self.refused.insert(url.clone(), refusal.clone()).as_ref() != Some(refusal)
            {
                texts.push(format!("{refusal}."));
            }
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_change_is_told_once() {
        let url: Url = "http://t:1".parse().unwrap();
        let away = || TrackerState::Away { reason: "can't reach it".into(), retry_in: Duration::ZERO };
        let mut notes = TrackerNotes::default();
        let view = |reachable, state, refusal| TrackerView { reachable, refusal, url: url.clone(), state };
        let mut told = |reachable, state| notes.changes(&[view(reachable, state, None)]).len();
        let steps = [TrackerState::Connecting, away(), away(), TrackerState::Online, TrackerState::Online, away()];
        assert_eq!(steps.map(|state| told(None, state)), [0, 1, 0, 1, 0, 1]);
        let steps = [None, Some(false), None, Some(false), Some(true), Some(true), Some(false)];
        assert_eq!(steps.map(|reachable| told(reachable, TrackerState::Connecting)), [0, 1, 0, 0, 1, 0, 1]);
        let mut notes = TrackerNotes::default();
        let mut told = |refusal: Option<&str>| {
            notes.changes(&[view(None, TrackerState::Online, refusal.map(str::to_owned))]).len()
        };
        let steps = [None, Some("no token"), None, Some("no token"), Some("another"), Some("another")];
        assert_eq!(steps.map(&mut told), [0, 1, 0, 0, 1, 0]);
    }
}
