//! Actions of a person and news of the engine's side → changes of the window's state, and effects outside of it.
//!
//! - [`action`]: every action, with a file for each screen: `list`, `transfers`, `adding` and `browse`, `share`, `settings`,
//!   `trackers`, `dialogs`, `window`.
//! - [`notices`]: news from the engine's side.
//! - [`effect`]: effects outside of the window's own state. [`steps`]: steps that several actions have in common.

pub mod action;
mod adding;
mod browse;
mod dialogs;
pub mod effect;
mod list;
pub mod notices;
mod settings;
mod share;
pub mod steps;
mod trackers;
mod transfers;
pub mod window;

pub use action::update;
pub use effect::Effect;
pub use steps::forget_removed;
