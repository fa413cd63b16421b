//! Every word and every number on the screen. A text is used as `words::TEXT`, and stands in the file of its screen.
//!
//! - `common`, `window`: words of several screens, and around every screen.
//! - `transfers`, `details`, `browse`, `share`, `peers`, `settings`, `trackers`: words of one screen.
//! - `dialogs`, `palette`, `news`, `system`: questions, names of actions, toasts and logs, words outside of the window.
//! - [`format`](mod@format): sizes, rates, times, and names that fit. [`licences`]: the libraries in the program.
//!
//! Texts say what is, and what to do.
#![allow(missing_docs, reason = "each text is its own documentation")]

mod browse;
mod common;
mod details;
mod dialogs;
pub mod format;
pub mod licences;
mod news;
mod palette;
mod peers;
mod settings;
mod share;
mod system;
mod trackers;
mod transfers;
mod window;

pub use browse::*;
pub use common::*;
pub use details::*;
pub use dialogs::*;
pub use news::*;
pub use palette::*;
pub use peers::*;
pub use settings::*;
pub use share::*;
pub use system::*;
pub use trackers::*;
pub use transfers::*;
pub use window::*;
