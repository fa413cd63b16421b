//! World of a tracker while it is measured: files, and the peers that have them.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{bail, ensure};
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use sprat_chunking::{ChunkSize, FileId, Layout};
use sprat_protocol::tracker::{Answer, FileOutcome, LeaseToken, Nonce, Register, RegisterFile, Registered, Request};
use sprat_protocol::{Identity, PeerId};

use super::client::{Client, Reply, source};
use super::http::post_signed;
use super::names::Names;
use super::servers::Server;

/// The first port that a peer listens on; several peers at one address differ in theirs.
const FIRST_PORT: u16 = 4000;
/// Time that somebody waits who fills a tracker that is busy.
const PAUSE: Duration = Duration::from_millis(100);

/// A file that somebody has.
pub(crate) struct File {
    /// Which file.
    pub(crate) id: FileId,
    /// Its name.
    pub(crate) name: String,
    size: u64,
}

impl File {
    /// A file that is like no other.
    pub(crate) fn new(names: &Names, rng: &mut SmallRng) -> Self {
        Self { id: FileId::new(rng.random()), name: names.name(rng), size: rng.random_range(1..1 << 32) }
    }

    /// Claim of a peer about this file.
    pub(crate) fn claim(&self, complete: bool) -> RegisterFile {
        let chunk_size = ChunkSize::for_len(self.size);
        let layout = Layout::new(self.size, chunk_size).expect("a file of 4 GiB can be cut into chunks");
        let (file_id, name, size, num_chunks) = (self.id, self.name.clone(), self.size, layout.num_chunks());
        RegisterFile { file_id, name, size, chunk_size, num_chunks, complete }
    }
}

/// A peer, in so far as a tracker knows it.
pub(crate) struct Peer {
    identity: Identity,
    /// The number of its source address, and of the connection that uses it.
    pub(crate) source: usize,
    port: u16,
    /// The files that it has, by their index.
    pub(crate) files: Vec<usize>,
    /// Token that the tracker gave the peer.
    pub(crate) token: Option<LeaseToken>,
}

impl Peer {
    /// The peer with this number, one of many that share these sources.
    pub(crate) fn new(number: usize, sources: usize, files: Vec<usize>) -> Self {
        let mut seed = [0; Identity::SEED_LEN];
        seed[..8].copy_from_slice(&(number as u64).to_be_bytes());
        let port = FIRST_PORT + (number / sources) as u16;
        Self { identity: Identity::from_seed(seed), source: number % sources, port, files, token: None }
    }

    /// The peer's ID.
    pub(crate) fn id(&self) -> PeerId {
        self.identity.peer_id()
    }

    /// Its REGISTER of these files, to this tracker, as it is sent. It can be sent once.
    pub(crate) fn register(&self, tracker: SocketAddr, files: Vec<RegisterFile>) -> Vec<u8> {
        let register = Register {
            peer_id: self.id(),
            port: self.port,
            addresses: Vec::new(),
            files,
            tracker: tracker.to_string(),
            time: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            nonce: Nonce(rand::random()),
        };
        post_signed(tracker, &Request::Register(register), &self.identity)
    }

    /// Registers these files, and does not give up while the tracker has too much to write.
    pub(crate) fn register_at(
        &self,
        client: &mut Client,
        tracker: SocketAddr,
        claims: &[RegisterFile],
    ) -> anyhow::Result<Registered> {
        loop {
            let reply = client.ask(&self.register(tracker, claims.to_vec()))?;
            if reply.head.status != 503 {
                return accepted(reply);
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Files and peers. Every peer has as many files as every file has peers.
pub(crate) struct World {
    /// The files.
    pub(crate) files: Vec<File>,
    /// Those that have them.
    pub(crate) peers: Vec<Peer>,
    /// Others, who register over and over and so get new tokens all the time.
    pub(crate) newcomers: Vec<Peer>,
    /// Number of source addresses.
    pub(crate) sources: usize,
}

impl World {
    /// So many files and as many peers; each file is in the hands of `swarm` of them, half of which have all of it.
    /// Beside them there are `newcomers` for each source address, with as many files.
    pub(crate) fn new(files: usize, swarm: usize, sources: usize, newcomers: usize) -> Self {
        let (names, mut rng) = (Names::new(), SmallRng::seed_from_u64(1));
        let held = |first: usize| (0..swarm).map(|next| (first + next) % files).collect();
        let peers = (0..files).map(|number| Peer::new(number, sources, held(number)));
        let newcomers = (files..files + sources * newcomers).map(|number| Peer::new(number, sources, held(number)));
        Self {
            peers: peers.collect(),
            newcomers: newcomers.collect(),
            files: (0..files).map(|_| File::new(&names, &mut rng)).collect(),
            sources,
        }
    }

    /// Claims of a peer about the first `count` of its files.
    pub(crate) fn claims(&self, peer: &Peer, count: usize) -> Vec<RegisterFile> {
        let files = peer.files.iter().take(count);
        files.enumerate().map(|(place, file)| self.files[*file].claim(place % 2 == 0)).collect()
    }

    /// Registers all peers with all their files, in no particular order.
    pub(crate) fn register(&mut self, tracker: &Server) -> anyhow::Result<()> {
        let connect = |number| Client::connect(tracker.address, source(number as u32));
        let mut clients: Vec<Client> = (0..self.sources).map(connect).collect::<Result<_, _>>()?;
        let mut order: Vec<usize> = (0..self.peers.len()).collect();
        order.shuffle(&mut SmallRng::seed_from_u64(2));
        for number in order {
            let peer = &self.peers[number];
            let claims = self.claims(peer, peer.files.len());
            let registered = peer.register_at(&mut clients[peer.source], tracker.address, &claims)?;
            self.peers[number].token = Some(registered.lease.token);
        }
        Ok(())
    }
}

/// The answer to a REGISTER of which every file was accepted.
pub(crate) fn accepted(reply: Reply) -> anyhow::Result<Registered> {
    let Answer::Registered(registered) = serde_json::from_slice(&reply.ok()?.body)? else { bail!("no REGISTERED") };
    let refused = registered.files.iter().find(|outcome| !matches!(outcome, FileOutcome::Accepted { .. }));
    ensure!(refused.is_none(), "a file was refused: {refused:?}");
    Ok(registered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_in_as_many_hands_half_of_which_have_all_of_it() {
        let world = World::new(50, 10, 4, 0);
        let claims: Vec<RegisterFile> = world.peers.iter().flat_map(|peer| world.claims(peer, 10)).collect();
        for file in &world.files {
            let of_file = claims.iter().filter(|claim| claim.file_id == file.id);
            let complete: Vec<bool> = of_file.map(|claim| claim.complete).collect();
            assert_eq!((complete.len(), complete.iter().filter(|complete| **complete).count()), (10, 5));
        }
    }
}
