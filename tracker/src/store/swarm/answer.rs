//! What a QUERY is told.

use std::net::IpAddr;

use sprat_chunking::FileId;

use super::files::Files;
use super::handles::Handle;
use super::json;
use super::millis::Millis;
use super::peer::{NetworkTag, Peer};
use super::peers::Peers;
use crate::model::holding::{Asker, Found, SPARE, Turn};

/// An answer to one asker, to which one file after another is added.
pub(super) struct Answer {
    now: Millis,
    asker: Asker,
    max_peers: usize,
    /// The peers of the file that is being added: one list for all files.
    drawn: Vec<Drawn>,
    pub(super) found: Found,
}

/// A member of a swarm that may be told.
struct Drawn {
    peer: Handle,
    complete: bool,
    turn: Turn,
}

/// About as much as a peer takes in an answer, and the rest of a file.
const PEER_LEN: usize = 128;
const FILE_LEN: usize = 512;

impl Answer {
    pub(super) fn new(now: Millis, asker: Asker, max_peers: usize) -> Self {
        Self { now, asker, max_peers, drawn: Vec::new(), found: Found::default() }
    }

    /// Adds a file, of which it draws the peers, or notes that nobody holds it.
    pub(super) fn add(&mut self, file_id: FileId, peers: &Peers, files: &Files) {
        let Self { drawn, found: Found { files: out, unknown, .. }, .. } = self;
        let asker = self.asker.peer_id.and_then(|peer_id| peers.handle(peer_id));
        let most = self.max_peers.saturating_add(SPARE);
        let is_known = files.look(file_id, |swarm, rng| {
            out.reserve(FILE_LEN + PEER_LEN * self.max_peers.min(swarm.members().len()));
            if !out.is_empty() {
                out.push(b',');
            }
            json::start_file(out, swarm);
            let sample = swarm.sample(rng, asker, most);
            drawn.extend(sample.map(|(peer, complete)| Drawn { peer, complete, turn: Turn::Elsewhere }));
        });
        if is_known.is_none() {
            unknown.push(file_id);
            return;
        }
        self.choose(peers);
        self.add_peers(peers);
    }

    /// Leaves out of those drawn who cannot be told, and who are too many; sorts the others.
    fn choose(&mut self, peers: &Peers) {
        let Self { now, asker, .. } = *self;
        let network = NetworkTag::of(asker.address);
        self.drawn.retain_mut(|drawn| {
            let turn = peers.get(drawn.peer).and_then(|peer| turn(now, asker.address, network, peer));
            drawn.turn = turn.unwrap_or(drawn.turn);
            turn.is_some()
        });
        self.drawn.sort_by_key(|drawn| drawn.turn);
        self.drawn.truncate(self.max_peers);
    }

    fn add_peers(&mut self, peers: &Peers) {
        let out = &mut self.found.files;
        for Drawn { peer, complete, turn } in self.drawn.drain(..) {
            let Some(peer) = peers.get(peer) else { continue };
            let contact = peer.contact();
            match turn {
                Turn::Near => json::peer(out, peer.json(), contact.declared(), complete),
                Turn::Elsewhere | Turn::Unreachable if peer.is_beside_tracker() => {
                    if let Some((first, others)) = contact.declared().split_first() {
                        json::peer(out, &json::peer_start(peer.peer_id(), *first), others, complete);
                    }
                }
                Turn::Elsewhere | Turn::Unreachable => json::peer(out, peer.json(), &[], complete),
            }
        }
        json::end_file(out);
    }
}

/// Where somebody who asks from there is told of a peer, if at all.
fn turn(now: Millis, asker: IpAddr, network: NetworkTag, peer: &Peer) -> Option<Turn> {
    if !peer.is_live(now) {
        None
    } else if peer.is_near(asker, network) {
        Some(Turn::Near)
    } else if peer.is_beside_tracker() && peer.contact().declared().is_empty() {
        None
    } else if peer.reachable() == Some(false) {
        Some(Turn::Unreachable)
    } else {
        Some(Turn::Elsewhere)
    }
}
