//! The commands, one file each.

pub(crate) mod demo;
pub(crate) mod get;
pub(crate) mod id;
pub(crate) mod login;
pub(crate) mod search;
pub(crate) mod share;
pub(crate) mod verify;
