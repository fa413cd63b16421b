//! Plain data that the rooms of the window hand each other. No egui, no I/O.
//!
//! In reading order:
//!
//! - [`engine`]: the engine's own types, from one place.
//! - [`messages`]: requests of the window to the engine's side, and notices back.
//! - [`preferences`]: the settings that are kept from one run to the next.
//! - [`screen`]: the screens and the pages about a transfer. [`columns`], [`filter`]: the list of transfers, as a person wants it.
//! - [`tone`]: the mood of a state. [`speed`]: the rates of a transfer at one moment.
//! - [`trackers`], [`typed`]: addresses, paths and limits that people type. [`links`]: links with their scheme.

pub mod columns;
pub mod engine;
pub mod filter;
pub mod links;
pub mod messages;
pub mod preferences;
pub mod screen;
pub mod speed;
pub mod tone;
pub mod trackers;
pub mod typed;
