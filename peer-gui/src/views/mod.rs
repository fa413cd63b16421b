//! The screens. Each is a function of the snapshot and the window's state that returns what the person did. No I/O, no locks, no
//! engine.
//!
//! - [`window`]: the window as a whole. [`sidebar`], [`status_bar`], [`banner`]: around every screen.
//! - [`transfers`] with [`list`], [`column_menu`], [`details`], [`swarm`], [`files`], [`menu`] and [`setup`]; [`browse`]; [`share`];
//!   [`peers`]; [`settings`] with [`tracker_settings`]: the screens.
//! - [`dialogs`], [`toasts`]: on top of everything. [`start`]: before the engine runs, and if it does not.

pub mod banner;
pub mod browse;
pub mod column_menu;
pub mod details;
pub mod dialogs;
pub mod files;
pub mod list;
pub mod menu;
pub mod peers;
pub mod settings;
pub mod setup;
pub mod share;
pub mod sidebar;
pub mod start;
pub mod status_bar;
pub mod swarm;
pub mod toasts;
pub mod tracker_settings;
pub mod transfers;
pub mod window;
