//! The parts of which screens are made.
//!
//! - [`tokens`]: colours, sizes and distances. [`theme`]: these as egui's style.
//! - [`controls`]: buttons, fields, cards. [`icons`]: signs, painted. [`badge`]: a sign beside a word.
//! - [`table`]: rows that can be selected. [`progress`]: how much of a whole. [`chunk_map`]: which of its chunks.
//! - [`speed_plot`]: how fast. [`qr`]: a link to be photographed.
//! - [`empty_state`], [`dialog`]: a page with nothing on it, questions.
//! - [`once`]: steps that are done once, such as giving a field the focus.
//! - [`logo`], [`window_icon`]: the sprat, as a drawing and in pixels.

pub mod badge;
pub mod chunk_map;
pub mod controls;
pub mod dialog;
pub mod empty_state;
pub mod icons;
pub mod logo;
pub mod once;
pub mod progress;
pub mod qr;
pub mod speed_plot;
pub mod table;
pub mod theme;
pub mod tokens;
pub mod window_icon;
