//! The rates of each transfer in the last two minutes. Time is an argument, in seconds on the window's clock.

use std::collections::{HashMap, VecDeque};

use sprat_chunking::FileId;

use crate::model::engine::Snapshot;
use crate::model::speed::{SPAN, Sample};

/// Least time between two samples, in seconds.
const STEP: f64 = 1.0;

/// Samples of the transfers that moved something in the last two minutes.
#[derive(Debug, Default)]
pub struct Speeds {
    of: HashMap<FileId, VecDeque<Sample>>,
    noted: f64,
}

impl Speeds {
    /// Takes a sample of every transfer.
    pub fn note(&mut self, snapshot: &Snapshot, now: f64) {
        if now - self.noted < STEP && now >= self.noted {
            return;
        }
        self.noted = now;
        for transfer in &snapshot.transfers {
            let moves = transfer.down_rate > 0 || transfer.up_rate > 0;
            if !moves && !self.of.contains_key(&transfer.file_id) {
                continue;
            }
            let samples = self.of.entry(transfer.file_id).or_default();
            samples.push_back(Sample { at: now, down: transfer.down_rate, up: transfer.up_rate });
        }
        self.of.retain(|_, samples| {
            while samples.front().is_some_and(|sample| sample.at < now - SPAN) {
                samples.pop_front();
            }
            samples.iter().any(|sample| sample.down > 0 || sample.up > 0)
        });
    }

    /// Samples of a transfer, oldest first; none if nothing moved.
    pub fn of(&self, file_id: FileId) -> Vec<Sample> {
        self.of.get(&file_id).map(|samples| samples.iter().copied().collect()).unwrap_or_default()
    }
}
