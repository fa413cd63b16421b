//! A store in a Valkey or Redis Cluster, for any number of trackers.
//!
//! In reading order:
//!
//! - `store`: [`Cluster`], what the rest of the tracker sees. `login`: settings of connections. `times`: lengths of time that
//!   follow from that of a lease.
//! - `files`: commands to the slots of files. `peers`: to those of peers and networks. `scripts`: what servers do in one
//!   step. `keys`, `encoding`: what is kept there, and how. `reading`: answers as values.
//! - `answer`: what an asker is told. `cache`: what was found out a moment ago, or before a server went away.
//! - `router`: which command goes to which server. `topology`: which server serves which slot. `node`: one server.
//! - `totals`: how much there is, about. `walk`: all files, one after another. [`changes`]: what trackers tell each other of
//!   the catalogue.
//!
//! # What is kept where
//! Everything of one file is in one slot, everything of one peer in another, and nothing is done in two slots at once. All
//! times are those of the servers; their clocks are to agree to within a few seconds. Whatever is kept has an expiry, so nothing
//! has to be cleared up after anybody.
//!
//! A peer has a lease in its own slot. It also has an entry with each file that it holds, in that file's slot, so that a QUERY
//! has to ask one server only. An entry lasts 1¾ leases, and HEARTBEAT renews the entries of a peer when they
//! have not been renewed for half a lease:
//!
//! - A HEARTBEAT costs one round trip; every second one, with a heartbeat each third of a lease, costs a further step for
//!   each file. Renewing at each heartbeat would cost twice that.
//! - A peer that went without a word is told to others for up to ¾ of a lease after its lease is over. As long it counts with
//!   its network.
//! - An entry that was lost when a server took over is missed within ⅔ of a lease, and the peer is told to register that file
//!   again. An entry that was registered but not yet handed to that server goes unnoticed only together with the lease and
//!   its token, and without those the peer registers everything again.
//!
//! # What may be older than it seems
//! Answers to QUERY are kept for a second, so a popular file costs no round trip; what this tracker changes itself it sees
//! at once. While the slot of a file is away, the last answer of the past quarter of an hour is given and marked as stale. The
//! limits on all peers, files and entries hold for what the totals tell, which is an estimate; those for one peer, one
//! file and one network hold exactly.
//!
//! # What the cluster has to be
//! Version 7.0 or later, with `cluster-require-full-coverage no`, or all files are away when one slot is. Within
//! `cluster-node-timeout` and about a second more a replica takes over, so 5 seconds is a good value for it. While a slot moves
//! to another server, files that nobody held before cannot be registered or looked up in it; this takes milliseconds.

mod answer;
mod cache;
pub mod changes;
mod encoding;
mod files;
mod keys;
mod login;
mod node;
mod peers;
mod reading;
mod router;
mod scripts;
mod store;
mod times;
mod topology;
mod totals;
mod walk;

pub use login::ClusterError;
pub(crate) use login::problem;
pub use store::Cluster;
