//! Everything that is sent between Sprat's processes, and nothing that sends it: no sockets, no clock, no files.
//!
//! In reading order:
//!
//! - [`peer_id`] and [`identity`]: who a peer is, and the key that proves it.
//! - [`tls`]: how two peers prove to each other who they are, and keep what they say to themselves.
//! - [`link`](mod@link): the `sprat:` URI that people hand to each other.
//! - [`name`]: what becomes of a file name that came from the network.
//! - [`collection`]: a folder, listed.
//! - [`tracker`]: the messages between a peer and a tracker, JSON over HTTP.
//! - [`wire`]: the messages between two peers, and their framing.
//!
//! Every decoder here may be given anything: it answers with a value or an error, never with a panic, and allocates no
//! more than its bound.

pub mod collection;
pub mod identity;
pub mod link;
pub mod name;
pub mod peer_id;
pub mod tls;
pub mod tracker;
pub mod wire;

pub use collection::{Collection, CollectionError, CollectionFile};
pub use identity::Identity;
pub use link::{Link, LinkError, PeerAddr};
pub use name::FileName;
pub use peer_id::{ParsePeerIdError, PeerId};
