//! Words between an engine and its front ends: a front end sends commands, and hears events and snapshots. Plain types, no
//! engine.
//!
//! In reading order: [`command`], [`event`], [`snapshot`], [`detail`].

pub mod command;
pub mod detail;
pub mod event;
pub mod snapshot;

pub use command::{Command, Priority, Target};
pub use detail::{Cell, ChunkMap, Detail, FileView};
pub use event::Event;
pub use snapshot::{
    HashingView, PeerView, Snapshot, TrackerState, TrackerView, TransferState, TransferView, Trouble, Work,
};
