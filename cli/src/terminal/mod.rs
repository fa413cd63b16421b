//! The person or the program at the other end: words, JSON lines, bars, Ctrl-C, and exit codes.
//!
//! - [`words`]: numbers and texts for a person.
//! - [`failure`]: ends of a command other than success, each with its exit code.
//! - [`interrupt`]: Ctrl-C and how often it was pressed.
//! - [`progress`]: bars at a terminal.
//! - [`records`]: JSON lines on stdout.
//! - [`output`]: the way out for all of them.

pub(crate) mod failure;
pub(crate) mod interrupt;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod records;
pub(crate) mod words;
