//! Everything that a person can do.
//!
//! - [`action`]: the actions, with an enum for each screen: [`list`], [`transfers`], [`adding`] and [`browse`], [`share`],
//!   [`settings`], [`trackers`], [`dialogs`], [`window`].
//! - [`bindings`]: the actions that have a name in the palette or a key. [`keys`]: keys → actions.

pub mod action;
pub mod adding;
pub mod bindings;
pub mod browse;
pub mod dialogs;
pub mod keys;
pub mod list;
pub mod settings;
pub mod share;
pub mod trackers;
pub mod transfers;
pub mod window;

pub use action::Action;
pub use adding::AddAction;
pub use bindings::{BINDINGS, Binding, Scope, palette};
pub use browse::BrowseAction;
pub use dialogs::{DialogAction, DialogField};
pub use keys::shortcuts;
pub use list::ListAction;
pub use settings::{SettingsAction, SettingsField, Zoom};
pub use share::ShareAction;
pub use trackers::TrackerAction;
pub use transfers::TransferAction;
pub use window::WindowAction;
