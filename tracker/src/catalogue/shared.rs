//! State that the catalogue and its threads share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use rusqlite::Connection;

use super::error::{Fault, ReadError};
use super::place::Site;
use super::queue::{Queue, Report};
use super::rarity::Rarity;
use super::readers::{Pace, Readers, Unanswered};

/// State that the threads share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) site: Site,
    pub(super) queue: Queue,
    pub(super) readers: Readers,
    pub(super) rarity: RwLock<Arc<Rarity>>,
    pub(super) deadline: Duration,
    pub(super) files: AtomicUsize,
    pub(super) commits: AtomicU64,
    pub(super) begun_anew: AtomicU64,
    pub(super) trouble: Mutex<Option<String>>,
}

impl Shared {
    /// Asks a reader. What it finds damaged is reported to the writer.
    pub(super) fn ask<T>(
        &self,
        pace: Pace,
        question: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, ReadError> {
        let mut file = 0;
        let answer = self.readers.ask(&self.site, pace, |db| {
            // As long as somebody reads, the file is not replaced.
            file = self.begun_anew();
            question(db)
        });
        answer.map_err(|no_answer| match no_answer {
            Unanswered::Busy => ReadError::Busy,
            Unanswered::Closed => ReadError::Failed("it is being replaced, or ends".to_owned()),
            Unanswered::Fault(Fault::Damaged(damage)) => {
                self.queue.report(Report { file, damage: damage.clone() });
                ReadError::Damaged(damage)
            }
            Unanswered::Fault(fault) => ReadError::Failed(fault.to_string()),
        })
    }

    pub(super) fn begun_anew(&self) -> u64 {
        self.begun_anew.load(Ordering::Acquire)
    }
}
