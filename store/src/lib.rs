//! Files of an engine as they lie on a disk. No sockets, no async: everything here may block.
//!
//! In reading order:
//!
//! - [`disk`]: folders that stay open, atomic files, stamps, destinations, long work.
//! - [`digest`]: a path → its chunk hashes. [`identify`]: a path → its ID.
//! - [`part`]: the part file of a download, and the record of which chunks are in it.
//! - [`source`]: the bytes that chunks are read from.
//! - [`folder`]: a folder and its list. [`site`]: a folder under construction.
//! - [`whole`]: a file or folder that is wholly here.

pub mod digest;
pub mod disk;
pub mod folder;
#[cfg(feature = "fuzz")]
pub mod fuzz;
pub mod identify;
pub mod part;
pub mod site;
pub mod source;
pub mod whole;
