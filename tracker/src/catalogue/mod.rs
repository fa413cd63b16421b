//! The catalogue: what the files are called that were ever registered, for SEARCH. Kept in SQLite, so that it is there at
//! once after a restart.
//!
//! In reading order:
//!
//! - `handle`: [`Catalogue`], what the rest of the tracker sees. `shared`: what it and its threads share.
//! - `words`: what somebody looks for, and how well a name answers. `rarity`: by which part of it the index finds it
//!   soonest. `page`: the best of those that do.
//! - `search`: what the database is asked for that. `readers`: the connections that are asked.
//! - `queue`: what waits to be written. `writer`: the one thread that writes.
//! - `entry`: one file, with its checksum; `meta`: numbers about all. `schema`: the tables, and their versions.
//! - `place`: where all that is kept, and what becomes of it when it is damaged. `check`: how that is noticed.
//! - `prune`: what is forgotten. `backup`: a copy while it runs; `restore`: that copy in its place. `error`: what goes wrong.
//!
//! # What holds
//!
//! - **Nobody waits for the disk.** A change goes into a bounded queue; [`Catalogue::put`] says at once whether it found
//!   room. One thread writes what came within a tenth of a second, at most a thousand changes, in one commit. What is
//!   committed is durable. A crash loses at most the changes that were not.
//! - **A search costs the same whatever the words are.** It looks at the newest 2,000 names that the index finds, or at
//!   the newest 10,000 of all if every word is shorter than three characters, and ends when its time is over
//!   ([`Settings::deadline`]). Only within those are the best shown first, and only a rare word finds files of any age.
//!   [`Matches::all`] tells whether something may be missing.
//! - **What is answered is what was written.** Every entry has a checksum, which is looked at whenever it is read. At the
//!   start the header, the schema and their versions are held against what they must be, which is quick. All pages, all
//!   indexes and all entries are checked two minutes later, with rests, and then every day: until then a damaged index may
//!   leave a file out of an answer, but not put a wrong one in.
//! - **Damage ends one file, not the tracker.** A damaged file is renamed to `<name>.damaged-<seconds since 1970>`, with
//!   its log, and an empty catalogue takes its place. What is alive can be put again: see [`Catalogue::begun_anew`].
//! - **A full disk loses nothing.** What could not be written is tried again until it can be; meanwhile the queue fills.
//!   [`Catalogue::trouble`] says what is in the way.

mod backup;
mod check;
mod entry;
mod error;
mod handle;
mod meta;
mod page;
mod place;
mod prune;
mod queue;
mod rarity;
mod readers;
mod restore;
mod schema;
mod search;
mod shared;
#[cfg(test)]
mod tests;
mod words;
mod writer;

pub use backup::backup;
pub use entry::Entry;
pub use error::{BackupError, OpenError, ReadError, RestoreError};
pub use handle::{Catalogue, Settings};
pub use page::{LAST_PAGE, Page};
pub use place::{Opening, Place};
pub use prune::{Pass, Retention};
pub use queue::{Full, NotWritten, Put, Written};
pub use restore::{check_file, restore};
pub use search::{Match, Matches};
pub use words::{Rank, Words};
