//! Every word and every number on the screen.
//!
//! - `text`: the words. They say what is, and what to do.
//! - [`format`](mod@format): sizes, rates, times, and names that fit.
//! - [`licences`]: what Sprat is made of.

pub mod format;
pub mod licences;
mod text;

pub use text::*;
