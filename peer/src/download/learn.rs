//! First part of a download: asks peers for chunk hashes, and verifies that they hash up to the ID.

use std::time::{Duration, Instant};

use sprat_api::TransferState;
use sprat_chunking::{ChunkHashes, ChunkSize, Hash, Layout, MAX_CHUNKS};

use super::{Download, Happening};
use crate::peers::asked::{Claim, FromPeer, PeerNews};
use crate::wire::remote::PeerKey;
use crate::world::clock;

/// Time that one peer has to send its list of chunk hashes before another is asked.
const PATIENCE: Duration = Duration::from_secs(10);

impl Download {
    /// Asks one peer after another for the chunk hashes until a list proves right.
    pub(super) async fn learn(&mut self) -> (ChunkHashes, Layout) {
        let mut asked: Option<(PeerKey, Instant)> = None;
        let mut tried: Vec<PeerKey> = Vec::new();
        loop {
            let now = clock::now();
            if asked.is_none_or(|(key, until)| until <= now || !self.peers.contains_key(&key)) {
                asked = self.ask_for_hashes(&mut tried).map(|key| (key, now + PATIENCE));
            }
            let searching = asked.is_some() || self.is_searching();
            self.set_state(if searching { TransferState::Searching } else { TransferState::Waiting });
            let Happening::Peer(FromPeer { key, news }) = self.next(asked.map(|(_, until)| until)).await else {
                continue;
            };
            match news {
                PeerNews::Hashes(chunk_size, bytes) if asked.is_some_and(|(asked, _)| asked == key) => {
                    if let Some(learned) = self.learned(key, chunk_size, &bytes) {
                        return learned;
                    }
                    asked = None;
                }
                news => self.meanwhile(Happening::Peer(FromPeer { key, news })),
            }
        }
    }

    /// Handles an event that does not concern chunks: notes what peers have, and removes peers that are gone.
    pub(super) fn meanwhile(&mut self, happening: Happening) {
        let Happening::Peer(FromPeer { key, news }) = happening else { return };
        match news {
            PeerNews::Has(claim) => self.heard(key, claim),
            PeerNews::Got(numbers) => {
                let claim = self.peers.get_mut(&key).and_then(|remote| remote.claim.as_mut());
                claim.into_iter().for_each(|claim| claim.gained(&numbers));
            }
            PeerNews::Rejected(None, reason, _) => {
                tracing::debug!(?reason, "a peer does not have the file, or not its hashes");
                self.part_with(key);
            }
            PeerNews::Gone => self.part_with(key),
            PeerNews::Hashes(..) | PeerNews::Chunk(..) | PeerNews::Rejected(Some(_), ..) => {}
        }
    }

    /// Requests the chunk hashes of a peer that was not asked yet: first of those whose claim most peers share, of
    /// seeders before leechers. Claims of a way of cutting the file that failed are ignored unless there are no others.
    fn ask_for_hashes(&mut self, tried: &mut Vec<PeerKey>) -> Option<PeerKey> {
        tried.retain(|key| self.peers.contains_key(key));
        let claims = || self.peers.iter().filter_map(|(key, remote)| Some((*key, remote.claim.as_ref()?)));
        let agreeing = |claim: &Claim| claims().filter(|(_, other)| other.num_chunks == claim.num_chunks).count();
        let doubted = |claim: &Claim| self.doubted.contains(&(claim.chunk_size, claim.num_chunks));
        let all_doubted = claims().all(|(_, claim)| doubted(claim));
        let untried = claims().filter(|(key, claim)| !tried.contains(key) && (all_doubted || !doubted(claim)));
        let (key, claim) = untried.max_by_key(|(_, claim)| (agreeing(claim), claim.bits.is_none()))?;
        let connection = self.peers[&key].connection.clone();
        connection.request_hashes(self.file_id(), claim.chunk_size);
        tried.push(key);
        Some(key)
    }

    /// Notes what a peer says that it has.
    pub(super) fn heard(&mut self, key: PeerKey, claim: Claim) {
        let Some(remote) = self.peers.get_mut(&key) else { return };
        // What is fetched already goes on as it began.
        if let Some(finer) = finer_than(&claim).filter(|_| self.fetching.is_none()) {
            tracing::debug!(peer = %remote.connection.remote.peer_id, size = claim.chunk_size.bytes(), "a peer cuts the file too coarsely");
            // A seeder cuts it as it is asked to; the hint of how long the file is may have been a lie.
            let may_cut_finer = claim.bits.is_none() && remote.asked == claim.chunk_size;
            (self.chunk_size, remote.asked, remote.claim) = (finer, finer, None);
            if may_cut_finer {
                remote.connection.want(self.order.link.file_id, finer, self.inbox.0.clone());
            } else {
                self.part_with(key);
            }
            return;
        }
        self.status.connected(&remote.connection.remote, claim.bits.is_none());
        if self.heard_name.is_none() && !claim.name.is_empty() {
            self.heard_name = Some(claim.name.chars().take(1024).collect());
        }
        remote.claim = Some(claim);
    }

    /// Verifies a list of chunk hashes. A peer whose list does not hash up to the ID is banned.
    fn learned(&mut self, key: PeerKey, chunk_size: ChunkSize, bytes: &[u8]) -> Option<(ChunkHashes, Layout)> {
        let remote = self.peers.get(&key)?;
        let peer_id = remote.connection.remote.peer_id;
        let claim = remote.claim.as_ref()?;
        if (bytes.len(), chunk_size) != (claim.num_chunks as usize * Hash::LEN, claim.chunk_size) {
            tracing::debug!(peer = %peer_id, "a peer sent another hash list than it claimed");
            return None;
        }
        match ChunkHashes::verify(self.file_id(), chunk_size, bytes) {
            Ok(hashes) => {
                let layout = provisional_layout(&hashes, Some(claim.size));
                Some((hashes, layout))
            }
            Err(error) => {
                tracing::warn!(peer = %peer_id, %error, "a peer sent a wrong hash list");
                self.env.peers.pool.ban(peer_id);
                None
            }
        }
    }
}

/// The largest chunks that are fetched though the file does not need them so large. A sharer may choose chunks of another size,
/// and whoever fetched from it has only those, so a list is not refused for being a little coarse: 1 MiB takes up little of the
/// room for what is received, of which all that is half there can be lost with a peer. Of larger ones each would take up as much as
/// dozens of others before it can be verified. A seeder cuts them as it is asked to; only a leecher of such a swarm is left.
const LARGEST_BY_CHOICE: u32 = 1024 * 1024;

/// Returns the chunk size to ask for instead of that of a claim, if that is above [`LARGEST_BY_CHOICE`] and the file, by the number
/// of its chunks, is not long enough to need it.
fn finer_than(claim: &Claim) -> Option<ChunkSize> {
    let is_fine = claim.chunk_size.bytes() <= LARGEST_BY_CHOICE || claim.num_chunks > MAX_CHUNKS / 2;
    let longest = u64::from(claim.num_chunks) * u64::from(claim.chunk_size.bytes());
    (!is_fine).then(|| ChunkSize::for_len(longest))
}

/// Layout that these hashes prove, except for the length of the last chunk. That length is the claimed one if it is
/// possible, else the longest possible one; it is known for certain when the last chunk arrives.
fn provisional_layout(hashes: &ChunkHashes, claimed: Option<u64>) -> Layout {
    let with_len = |len| Layout::new(len, hashes.chunk_size()).ok();
    let fits = |layout: &Layout| layout.num_chunks() == hashes.num_chunks();
    let longest = u64::from(hashes.num_chunks()) * u64::from(hashes.chunk_size().bytes());
    let claimed = claimed.and_then(with_len).filter(fits);
    claimed.or_else(|| with_len(longest)).expect("a list has at most as many chunks as a layout")
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    #[test]
    fn chunks_are_larger_than_a_mebibyte_only_where_the_file_is_long() {
        let finer = |kib: u32, num_chunks| {
            let (name, chunk_size) = (String::new(), ChunkSize::new(kib * 1024).unwrap());
            finer_than(&Claim { name, size: 0, chunk_size, num_chunks, bits: None }).map(|finer| finer.bytes() / 1024)
        };
        assert_eq!([finer(16, 1), finer(256, MAX_CHUNKS), finer(1024, 1), finer(1024, MAX_CHUNKS)], [None; 4]);
        assert_eq!([finer(2048, 1), finer(2048, MAX_CHUNKS / 2)], [Some(256), Some(1024)]);
        assert_eq!(finer(2048, MAX_CHUNKS / 2 + 1), None);
        assert_eq!(
            [finer(16 * 1024, 2), finer(16 * 1024, 2048), finer(16 * 1024, 40_000)],
            [Some(256), Some(512), None]
        );
        // Of no length the size that nobody chose is refused.
        for chunks in [1, 2, 3, 40_000, 65_535, 65_536, 65_537, 131_072, 131_073, 524_288, 524_289, 1 << 22] {
            let len = chunks * u64::from(ChunkSize::DEFAULT.bytes()) - 1;
            let layout = Layout::new(len, ChunkSize::for_len(len)).unwrap();
            assert_eq!(finer(layout.chunk_size().bytes() / 1024, layout.num_chunks()), None, "{len}");
        }
    }

    #[test]
    fn a_claimed_length_counts_only_if_it_is_possible() {
        let exact = Layout::new(50_000, ChunkSize::MIN).unwrap();
        let hashes = sprat_chunking::split(&[1; 50_000][..], exact, |_, _| ControlFlow::Continue(())).unwrap().hashes;
        assert_eq!(provisional_layout(&hashes, Some(50_000)), exact);
        assert_eq!(provisional_layout(&hashes, Some(50_001)).len(), 50_001);
        for lie in [None, Some(0), Some(49_152), Some(65_537), Some(u64::MAX)] {
            assert_eq!(provisional_layout(&hashes, lie).len(), 65_536, "{lie:?}");
        }
    }
}
