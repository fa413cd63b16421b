//! Answer to a QUERY.

use std::net::IpAddr;

use sprat_chunking::FileId;

use super::files::Files;
use super::handles::Handle;
use super::millis::Millis;
use super::peer::{NetworkTag, Peer};
use super::peers::Peers;
use crate::model::holding::{Asker, Found};
use crate::store::answer::{AnswerWriter, FileStart, SPARE, Turn, peer_start};

/// An answer to one asker, to which one file after another is added.
pub(super) struct Answer {
    now: Millis,
    asker: Asker,
    max_peers: usize,
    /// The peers of the file that is being added: one list for all files.
    drawn: Vec<Drawn>,
    files: AnswerWriter,
    unknown: Vec<FileId>,
}

/// A member of a swarm that may be told.
struct Drawn {
    peer: Handle,
    complete: bool,
    turn: Turn,
}

impl Answer {
    pub(super) fn new(now: Millis, asker: Asker, max_peers: usize) -> Self {
        Self { now, asker, max_peers, drawn: Vec::new(), files: AnswerWriter::default(), unknown: Vec::new() }
    }

    /// Adds a file, of which it draws the peers, or notes that nobody holds it.
    pub(super) fn add(&mut self, file_id: FileId, peers: &Peers, files: &Files) {
        let Self { drawn, files: out, unknown, max_peers, .. } = self;
        let asker = self.asker.peer_id.and_then(|peer_id| peers.handle(peer_id));
        let is_known = files.look(file_id, |swarm, rng| {
            let (members, seeders) = (swarm.members().len(), swarm.members().seeders());
            let (claim, leechers) = (swarm.claim(), members - seeders);
            let start = FileStart { file_id, claim, seeders, leechers, is_stale: false };
            out.start_file(&start, members.min(*max_peers));
            let sample = swarm.sample(rng, asker, max_peers.saturating_add(SPARE));
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

    /// Returns the whole answer.
    pub(super) fn finish(self) -> Found {
        Found { files: self.files.finish(), unknown: self.unknown, unavailable: Vec::new() }
    }

    fn add_peers(&mut self, peers: &Peers) {
        let out = &mut self.files;
        for Drawn { peer, complete, turn } in self.drawn.drain(..) {
            let Some(peer) = peers.get(peer) else { continue };
            let contact = peer.contact();
            match turn {
                Turn::Near => out.started_peer(peer.json(), contact.declared(), complete),
                Turn::Elsewhere | Turn::Unreachable if peer.is_beside_tracker() => {
                    if let Some((first, others)) = contact.declared().split_first() {
                        out.started_peer(&peer_start(peer.peer_id(), *first), others, complete);
                    }
                }
                Turn::Elsewhere | Turn::Unreachable => out.started_peer(peer.json(), &[], complete),
            }
        }
        out.end_file();
    }
}

/// Finds the turn of a peer in the answer to somebody who asks from there; none if it is not told at all.
fn turn(now: Millis, asker: IpAddr, network: NetworkTag, peer: &Peer) -> Option<Turn> {
    if !peer.is_live(now) {
        return None;
    }
    let is_near = peer.is_near(asker, network);
    let is_nowhere = !is_near && peer.is_beside_tracker() && peer.contact().declared().is_empty();
    (!is_nowhere).then(|| Turn::of(is_near, peer.reachable()))
}
