//! The desktop window of Sprat.
//!
//! In reading order:
//!
//! - [`app`]: the window's loop. [`args`]: the command line.
//! - [`views`]: what is on the screen. [`widgets`]: what that is made of.
//! - [`text`], [`format`](mod@format): every word and every number.
//! - [`actions`]: what a person can do. [`state`]: what comes of it.
//! - [`bridge`]: the engine, on threads of its own. [`platform`]: dialogs and the file manager.
//!
//! The window's thread never blocks and never touches disk or network: it reads snapshots and sends commands. Nothing
//! is drawn while nothing happens.

pub mod actions;
pub mod app;
pub mod args;
pub mod bridge;
pub mod format;
pub mod platform;
pub mod state;
pub mod text;
pub mod views;
pub mod widgets;
