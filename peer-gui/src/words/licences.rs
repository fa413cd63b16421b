//! What Sprat is made of, and under which licences.

/// One line for each library that is linked into the window's program, on any system, and for each font in it.
pub const LICENCES: &str = include_str!("../../assets/licences.txt");
