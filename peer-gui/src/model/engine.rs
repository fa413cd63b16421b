//! The engine's types that the window shows and sends, from one place.

pub use sprat_api::{
    Answer, Cell, ChunkMap, Command, Detail, Event, FileView, Found, HashingView, PeerView, Priority, Refusal,
    Snapshot, Target, TrackerQuestion, TrackerState, TrackerView, TransferState, TransferView, Trouble, Work,
};
pub use sprat_peer::{EngineHandle, tracker_url};
