//! Everything that the window knows beside the engine's snapshot. Without egui and without I/O.
//!
//! - [`view_state`]: all of it together. [`phase`]: the state of the engine.
//! - [`list`], [`item`], [`rows`], [`selection`]: the transfers in their order, the subject of a row, its texts, the selected rows.
//! - [`removals`]: removed transfers that can still come back. [`speeds`], [`journal`]: the past of each transfer.
//! - [`people`]: the peers of all transfers together. [`browse`]: the search. [`dialog`]: the questions on top of everything.
//! - [`toasts`]: short news that go away by themselves. [`focus`]: the place of the keyboard's focus.

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
pub mod speeds;
pub mod toasts;
pub mod view_state;

pub use browse::Browse;
pub use dialog::Dialog;
pub use focus::Focus;
pub use item::{ListItem, RowKey};
pub use journal::Journal;
pub use list::List;
pub use people::People;
pub use phase::{Phase, Received};
pub use removals::Removals;
pub use selection::{Pick, Selection, Step};
pub use speeds::Speeds;
pub use toasts::Toasts;
pub use view_state::{Fields, SharedCard, TrackerTest, ViewState};
