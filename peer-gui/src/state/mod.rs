//! Everything that the window knows beside the engine's snapshot. Without egui and without I/O.
//!
//! - [`view_state`]: all of it together, by screen: [`transfers`], [`adding`], [`browse`], [`share`], [`people`], [`settings`],
//!   [`trackers`], [`dialog`], [`toasts`], [`window`].
//! - [`list`], [`item`], [`rows`], [`selection`]: the transfers in their order, the subject of a row, its texts, the selected rows.
//! - [`removals`]: removed transfers that can still come back. [`speeds`], [`journal`]: the past of each transfer.
//! - [`phase`]: the state of the engine. [`focus`]: the place of the keyboard's focus.

pub mod adding;
pub mod browse;
pub mod dialog;
pub mod focus;
pub mod item;
pub mod journal;
pub mod list;
pub mod people;
pub mod phase;
pub mod removals;
pub mod rows;
pub mod selection;
pub mod settings;
pub mod share;
pub mod speeds;
pub mod toasts;
pub mod trackers;
pub mod transfers;
pub mod view_state;
pub mod window;

pub use dialog::Dialog;
pub use focus::{Focus, FocusRequests};
pub use item::{ListItem, RowKey};
pub use phase::{Phase, Received};
pub use selection::{Pick, Step};
pub use share::SharedCard;
pub use toasts::Toasts;
pub use trackers::TrackerTest;
pub use view_state::ViewState;
