//! The engine's types that the window shows and sends, from one place.

pub use sprat_api::{
    Cell, ChunkMap, Command, Detail, Event, FileView, HashingView, PeerView, Priority, Snapshot, Target, TrackerState,
    TrackerView, TransferState, TransferView, Trouble, Work,
};
pub use sprat_peer::{EngineHandle, tracker_url};
