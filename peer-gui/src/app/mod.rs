//! The window's loop.
//!
//! - [`args`]: the command line. [`window`]: eframe's side, which carries out effects.
//! - [`frame`](mod@frame): a whole frame, as the window and the tests draw it. `input`: the input that no widget takes.

pub mod args;
pub mod frame;
mod input;
pub mod window;

pub use frame::frame;
pub use window::App;
