//! Words between an engine and its front ends: a front end sends commands, is answered, and hears events and snapshots.
//! Plain types, no engine.
//!
//! In reading order: [`command`], [`answer`], [`refusal`], [`event`], [`snapshot`], [`detail`].

pub mod answer;
pub mod command;
pub mod detail;
pub mod event;
pub mod refusal;
pub mod snapshot;

pub use answer::{Answer, Found};
pub use command::{Command, Priority, Target, TrackerQuestion};
pub use detail::{Cell, ChunkMap, Detail, FileView};
pub use event::Event;
pub use refusal::{Refusal, TrackerError};
pub use snapshot::{
    HashingView, PeerView, Snapshot, TrackerState, TrackerView, TransferState, TransferView, Trouble, Work,
};
