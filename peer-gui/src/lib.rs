//! The desktop window of Sprat.
//!
//! The rooms, from top to bottom. Each imports only rooms below it:
//!
//! - [`app`]: the window's loop and the command line.
//! - [`views`]: the screens: snapshot and state → pictures and actions.
//! - [`update`]: actions and news → changed state and effects.
//! - [`actions`]: everything that a person can do, with its key and its name.
//! - [`bridge`]: the engine, on threads of its own.
//! - [`state`]: everything that the window knows beside the engine's snapshot.
//! - [`widgets`]: the parts of the screens.
//! - [`platform`]: dialogs, notifications and other services of the system.
//! - [`words`]: every word and every number on the screen.
//! - [`model`]: plain data that the rooms hand each other.
//!
//! The window's thread never blocks and never touches disk or network: it reads snapshots and sends commands. Nothing
//! is drawn while nothing happens.

pub mod actions;
pub mod app;
pub mod bridge;
pub mod model;
pub mod platform;
pub mod state;
pub mod update;
pub mod views;
pub mod widgets;
pub mod words;
