//! Bounds on the bytes under way: buffers, rate limits, upload slots, and settings of single transfers.

pub(crate) mod buffers;
pub(crate) mod incoming;
pub(crate) mod limits;
pub(crate) mod pace;
pub(crate) mod rate_limit;
mod room;
pub(crate) mod settings;
pub(crate) mod upload_slots;

use sprat_chunking::FileId;

use self::buffers::BufferPool;
use self::limits::Limits;
use self::rate_limit::RateLimit;
use self::settings::{Direction, Settings, Throttle};
use self::upload_slots::UploadSlots;

/// Everything that bounds the bytes under way in one engine.
#[derive(Debug)]
pub(crate) struct Flow {
    /// Buffers for chunks.
    pub(crate) buffers: BufferPool,
    /// Limit on the bytes of chunks sent, all transfers together.
    pub(crate) upload_rate: RateLimit,
    /// Slots of the peers that are sent chunks.
    pub(crate) upload_slots: UploadSlots,
    /// Limit on the bytes of chunks received, all transfers together.
    pub(crate) download_rate: RateLimit,
    /// Settings of single transfers.
    pub(crate) settings: Settings,
}

impl Flow {
    /// Creates the buffers, rate limits and upload slots that these limits describe.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            buffers: BufferPool::new(limits.buffer_bytes, limits.upload_buffer_bytes),
            upload_rate: RateLimit::new(limits.upload_rate),
            upload_slots: UploadSlots::new(limits.upload_slots, limits.upload_turn),
            download_rate: RateLimit::new(limits.download_rate),
            settings: Settings::default(),
        }
    }

    /// Rate limits that chunks of this file pass when they are sent.
    pub(crate) fn upload_throttle(&self, file_id: &FileId) -> Throttle<'_> {
        Throttle::new(&self.upload_rate, self.settings.get(file_id), Direction::Up)
    }

    /// Rate limits that chunks of this file pass when they are received.
    pub(crate) fn download_throttle(&self, file_id: &FileId) -> Throttle<'_> {
        Throttle::new(&self.download_rate, self.settings.get(file_id), Direction::Down)
    }
}
