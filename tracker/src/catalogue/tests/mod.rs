//! The catalogue as a whole: what is promised of it, held against files that are damaged, cut off, full and in use.

mod backup;
mod damage;
mod helpers;
mod opening;
mod prune;
mod restore;
mod search;
mod write;
