//! The engine's side of the window: threads of its own, which the window only looks at.
//!
//! - [`window_end`]: the window's end. [`waker`]: a way to wake the window without knowing egui.
//! - [`backend`]: the task that owns the engine. [`startup`]: the start. `worker`: the service of the window's requests.
//! - `feeds`: news that come by themselves. `outbox`: the way of notices to the window.
//! - [`local_tracker`]: the tracker on this computer. [`files`]: the preferences' file.
//!
//! The window holds a [`Bridge`]: it takes notices, looks at the newest snapshot and hands over commands, none of which
//! blocks. Whoever opened the window holds the [`Backend`] and ends it after the window is gone.

pub mod backend;
mod feeds;
pub mod files;
pub mod local_tracker;
mod outbox;
pub mod startup;
pub mod waker;
pub mod window_end;
mod worker;

pub use backend::Backend;
pub use startup::{Opening, Startup};
pub use waker::Waker;
pub use window_end::Bridge;
