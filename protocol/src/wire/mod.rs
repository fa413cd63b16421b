//! The messages between two peers, over any byte stream, in both directions.
//!
//! - [`message`]: what they say.
//! - [`frame`]: how it is framed: `u32 header length ‖ u32 payload length ‖ JSON header ‖ payload`.
//!
//! A conversation: both say HELLO. Who wants a file says WANT, and is told with a BITFIELD, then with HAVE as more
//! arrives, what the other side has. HASHES_REQUEST fetches the chunk hashes, CHUNK_REQUEST a chunk; many may be
//! outstanding, and CHUNK or REJECT answers each exactly once by its number, in any order. CANCEL takes a request back.

pub mod frame;
pub mod message;

pub use frame::{Decoded, FrameError, MAX_HEADER_LEN, PREFIX_LEN, decode, encode};
pub use message::{Hello, MAX_HAVE_CHUNKS, Message, RejectReason, WIRE_VERSION};
