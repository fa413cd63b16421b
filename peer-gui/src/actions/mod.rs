//! Everything that a person can do.
//!
//! - [`action`]: the actions themselves. [`bindings`]: those that have a name in the palette or a key. [`keys`]: keys → actions.

pub mod action;
pub mod bindings;
pub mod keys;

pub use action::{Action, Zoom};
pub use bindings::{BINDINGS, Binding, Scope, palette};
pub use keys::shortcuts;
