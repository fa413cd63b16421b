//! The screens, as a person or a screen reader meets them: by role and name. No engine, no window, no waiting.
//!
//! - [`window`]: the window under test, and the hands and eyes of who uses it.
//! - One file a screen or a concern; [`keyboard`] and [`accessibility`] go through all of them.
//! - [`pictures`]: how it looks.

#[path = "../common/mod.rs"]
mod common;
mod window;

mod accessibility;
mod browse;
mod clipboard;
mod columns;
mod details;
mod dialogs;
mod keyboard;
mod names;
mod notices;
mod peers;
mod pictures;
mod quiet;
mod removing;
mod selection;
mod settings;
mod setup;
mod share;
mod trackers;
mod transfers;
mod troubles;
