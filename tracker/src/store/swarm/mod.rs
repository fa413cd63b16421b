//! Store in the memory of this process: the swarms, and the leases that keep them true.
//!
//! No sockets and no clock of its own. In reading order:
//!
//! - `store`: [`Swarms`], what the rest of the tracker sees.
//! - `leases`: which peers are believed, and until when. `millis`: moments. `peers`: all of them. `peer`: one of them.
//!   `neighbours`: those of one network, and their share.
//! - `files`: all swarms. `shard`: those behind one lock. `counts`: how much there is in all.
//! - `one`: one swarm. `members`: its peers, and a random sample of them.
//! - `dissent`: what is kept of a swarm whose members do not claim the same. `votes`: what most of its seeders claim.
//! - `answer`: what a QUERY is told.
//! - `handles`: what peers and files are called here. `slots`: where they lie.
//!
//! # Memory
//! Peers and swarms lie in slots that others refer to with four bytes: a peer has the handles of its files, and a swarm
//! those of its members. A slot gets another tenant only after everybody who referred to it has gone.
//!
//! # Locks
//! They are taken in this order, and never two of one kind:
//!
//! 1. all peers (`Leases::peers`), to read for nearly everything; to write when a peer comes, goes or moves.
//! 2. what one peer holds (`Peer::held`): whoever changes that, in the peer's list or in a swarm, has locked it, so that
//!    the two never differ for anybody who has.
//! 3. the swarms of one shard (`Files`).
//!
//! While the queue of expiries or the source of tokens is locked, nothing else gets locked. QUERY takes 1 to read and 3,
//! and no lock on any peer.

mod answer;
mod counts;
mod dissent;
mod files;
mod handles;
mod leases;
mod members;
mod millis;
mod neighbours;
mod one;
mod peer;
mod peers;
mod shard;
mod slots;
mod store;
#[cfg(test)]
mod tests;
mod votes;

pub use store::Swarms;
