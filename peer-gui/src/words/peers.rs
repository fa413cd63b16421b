//! Words of the Peers screen.

pub const PEER_ID: &str = "Peer ID";
pub const PROGRAM: &str = "Program";
pub const LAST_SEEN: &str = "Last seen";
pub const CONNECTED: &str = "Connected";
pub const NO_NAME: &str = "no name";
pub const NO_PEERS_YET: &str = "Nobody yet";
pub const NO_PEERS_HINT: &str = "Those who fetch from you, and those you fetch from, are listed here.";
/// Toast for a copied peer ID.
pub const PEER_ID_COPIED: &str = "Peer ID copied.";

/// Name of the button that copies a peer's ID.
pub fn copy_peer_id(short: &str) -> String {
    format!("Copy the ID of peer {short}")
}
