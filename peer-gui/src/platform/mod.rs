//! Services of the system that the window uses. No egui.
//!
//! - [`desktop`]: dialogs, the file manager, notifications, as a trait, so that tests can answer. [`system`]: the real ones.
//! - [`single_instance`]: one window for one state directory. [`url_scheme`]: links, and the entry in the menu.
//! - [`log`](mod@log): the last lines of the log.
//! - [`pending`]: work that goes on beside the window.

pub mod desktop;
mod dialogs;
mod file_manager;
pub mod log;
mod notifications;
pub mod pending;
pub mod single_instance;
pub mod system;
pub mod url_scheme;

pub use desktop::Desktop;
pub use pending::Pending;
pub use system::System;
