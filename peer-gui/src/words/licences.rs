//! The libraries and fonts in the program, and their licences.

/// Lines of the list: one for each library that is linked into the window's program, on any system, and for each font
/// in it.
pub const LICENCES: &str = include_str!("../../assets/licences.txt");
