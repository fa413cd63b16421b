//! Access: tokens and their roles, who and what is blocked, and proof of who speaks.
//!
//! - `rights`: [`Access`], which decides. `role`: [`Role`].
//! - [`tokens`]: tokens, each with its role.
//! - [`blocks`]: peers, addresses and files that the operator does not want. `block_list`: those that stand in a file.
//!   `entries`: one by one. `networks`: addresses by network.
//! - [`proof`]: proof that a REGISTER is the word of the peer that it names.
//! - `state_file`: a file that several processes change. `error`: files about access that cannot be used.

mod block_list;
pub mod blocks;
mod entries;
mod error;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod networks;
pub mod proof;
mod rights;
mod role;
mod state_file;
pub mod tokens;

pub use crate::config::{AccessConfig, Public};
pub use block_list::BlockListError;
pub use error::AccessFilesError;
pub use rights::{Access, AccessError};
pub use role::Role;
pub use state_file::FileError;
