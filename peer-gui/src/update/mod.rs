//! Actions of a person and news of the engine's side → changes of the window's state, and effects outside of it.
//!
//! - [`action`]: every action, by screen: `adding` (IDs, links, files to share, searches), `transfers`, `settings`.
//! - [`notices`]: news from the engine's side.
//! - [`effect`]: effects outside of the window's own state. [`steps`]: steps that several actions have in common.

pub mod action;
mod adding;
pub mod effect;
pub mod notices;
mod settings;
pub mod steps;
mod transfers;

pub use action::update;
pub use effect::Effect;
pub use steps::forget_removed;
