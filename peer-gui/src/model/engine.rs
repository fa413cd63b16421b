//! The engine's types that the window shows and sends, from one place.

pub use sprat_peer::{
    Cell, ChunkMap, Command, Detail, EngineHandle, Event, FileView, HashingView, PeerView, Priority, Snapshot, Target,
    TrackerState, TrackerView, TransferState, TransferView, Trouble, Work, tracker_url,
};
