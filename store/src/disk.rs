//! Basics of the disk: folders that stay open, files written wholly or not at all, stamps, destinations, long work.

pub mod atomic;
pub mod destination;
pub mod job;
pub mod open_dir;
pub mod stamp;
pub mod sync;
pub mod trouble;
