//! Answers to an asker about a file.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use sprat_protocol::tracker::PeerInfo;

use super::cache::{Known, Source};
use crate::model::holding::Asker;
use crate::store::answer::{AnswerWriter, FileStart, SPARE, Turn};

/// Writes a file: with up to `max_peers` peers drawn at random, never the asker itself, no seeders if it `is_seeder`, only
/// peers that it can reach, first those on its own network and last those that the tracker could not connect to.
pub(super) fn write(
    writer: &mut AnswerWriter,
    start: &FileStart<'_>,
    known: &Known,
    asker: Asker,
    is_seeder: bool,
    max_peers: usize,
) {
    let peers = peers(known, asker, is_seeder, max_peers, &mut rand::rng());
    writer.start_file(start, peers.len());
    peers.iter().for_each(|peer| writer.peer(peer));
    writer.end_file();
}

fn peers(known: &Known, asker: Asker, is_seeder: bool, max_peers: usize, rng: &mut impl Rng) -> Vec<PeerInfo> {
    let told = Draw::new(known, is_seeder, rng).filter(|(source, _)| Some(source.peer_id) != asker.peer_id);
    let told = told.filter_map(|(source, complete)| {
        let addresses = source.place.contact.addresses_for(asker.address);
        let info = PeerInfo { peer_id: source.peer_id, addresses, complete };
        let turn = Turn::of(source.place.contact.is_near(asker.address), source.place.reachable);
        (!info.addresses.is_empty()).then_some((turn, info))
    });
    let mut told: Vec<(Turn, PeerInfo)> = told.take(max_peers.saturating_add(SPARE)).collect();
    told.sort_by_key(|(turn, _)| *turn);
    told.into_iter().map(|(_, info)| info).take(max_peers).collect()
}

/// The peers of a swarm in random order. Seeders and leechers are mixed as they are in the whole swarm, of which only a
/// sample of each may be known.
struct Draw<'a, R> {
    seeders: Vec<&'a Source>,
    leechers: Vec<&'a Source>,
    /// Number of seeders of the whole swarm that have not been drawn.
    seeders_left: usize,
    leechers_left: usize,
    rng: &'a mut R,
}

impl<'a, R: Rng> Draw<'a, R> {
    fn new(known: &'a Known, leechers_only: bool, rng: &'a mut R) -> Self {
        let mut shuffled = |sources: &'a [Source]| {
            let mut sources: Vec<&Source> = sources.iter().collect();
            sources.shuffle(rng);
            sources
        };
        let seeders = if leechers_only { Vec::new() } else { shuffled(&known.seeders) };
        let leechers = shuffled(&known.leechers);
        let seeders_left = if leechers_only { 0 } else { known.summary.seeders.max(seeders.len()) };
        let leechers_left = known.summary.leechers.max(leechers.len());
        Self { seeders, leechers, seeders_left, leechers_left, rng }
    }
}

impl<'a, R: Rng> Iterator for Draw<'a, R> {
    type Item = (&'a Source, bool);

    /// Ends when the sample of the kind that is next is used up: whoever is left of the other kind would be drawn too often.
    fn next(&mut self) -> Option<Self::Item> {
        let left = self.seeders_left + self.leechers_left;
        if left == 0 {
            return None;
        }
        if self.rng.random_range(0..left) < self.seeders_left {
            self.seeders_left -= 1;
            self.seeders.pop().map(|source| (source, true))
        } else {
            self.leechers_left -= 1;
            self.leechers.pop().map(|source| (source, false))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Instant;

    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use sprat_chunking::{ChunkSize, Layout};
    use sprat_protocol::PeerId;

    use super::*;
    use crate::model::contact::Contact;
    use crate::model::holding::{Claim, Summary};
    use crate::store::cluster::encoding::Whereabouts;

    fn address(number: u8) -> IpAddr {
        [203, 0, 113, number].into()
    }

    fn source(number: u8, reachable: Option<bool>) -> Source {
        let declared = ["192.168.1.1:4000".parse().unwrap()];
        let contact = Contact::new(address(number), 4000, &declared);
        Source { peer_id: PeerId::new([number; 32]), place: Whereabouts { contact, reachable } }
    }

    fn known(seeders: &[Source], leechers: &[Source], num_seeders: usize, num_leechers: usize) -> Known {
        let claim = Claim { name: "name".into(), layout: Layout::new(1, ChunkSize::DEFAULT).unwrap() };
        let summary = Summary { claim, seeders: num_seeders, leechers: num_leechers };
        Known::new(summary, seeders.to_vec(), leechers.to_vec(), Instant::now())
    }

    fn asker(number: u8) -> Asker {
        Asker { peer_id: Some(PeerId::new([number; 32])), address: address(number) }
    }

    fn numbers(peers: &[PeerInfo]) -> Vec<u8> {
        peers.iter().map(|info| info.peer_id.as_bytes()[0]).collect()
    }

    #[test]
    fn nobody_is_told_of_itself_and_a_seeder_of_no_seeders() {
        let sources = [1, 2, 3, 4].map(|number| source(number, None));
        let known = known(&sources[..2], &sources[2..], 2, 2);
        let mut rng = StdRng::seed_from_u64(1);
        let mut told = |number, is_seeder| {
            let mut told = numbers(&peers(&known, asker(number), is_seeder, 10, &mut rng));
            told.sort_unstable();
            told
        };
        assert_eq!(told(9, false), [1, 2, 3, 4]);
        assert_eq!(told(3, false), [1, 2, 4]);
        assert_eq!(told(1, true), [3, 4]);
    }

    #[test]
    fn those_at_home_are_first_and_those_who_could_not_be_reached_last() {
        let sources: Vec<Source> = (1..=9).map(|number| source(number, Some(number % 3 != 0))).collect();
        let known = known(&sources, &[], 9, 0);
        let mut rng = StdRng::seed_from_u64(2);
        let asker = Asker { peer_id: None, address: address(6) };
        let told = numbers(&peers(&known, asker, false, 8, &mut rng));
        assert_eq!((told.len(), told[0]), (8, 6));
        assert!(told[1..7].iter().all(|number| !number.is_multiple_of(3)) && told[7].is_multiple_of(3));
    }

    #[test]
    fn addresses_at_home_are_told_at_home() {
        let known = known(&[source(1, None)], &[], 1, 0);
        let mut rng = StdRng::seed_from_u64(3);
        let mut told = |number| {
            let asker = Asker { peer_id: None, address: address(number) };
            peers(&known, asker, false, 1, &mut rng)[0].addresses.len()
        };
        assert_eq!((told(1), told(2)), (2, 1));
    }

    #[test]
    fn a_sample_stands_for_the_whole_swarm() {
        let sources: Vec<Source> = (1..=200).map(|number| source(number, None)).collect();
        // 100 of 300 seeders and 100 of 100 leechers.
        let known = known(&sources[..100], &sources[100..], 300, 100);
        let mut rng = StdRng::seed_from_u64(4);
        let mut seeders = 0;
        for _ in 0..1000 {
            let told = peers(&known, asker(250), false, 40, &mut rng);
            assert_eq!(told.len(), 40);
            seeders += told.iter().filter(|info| info.complete).count();
        }
        // Three quarters of 40,000, with a standard deviation of about 80.
        assert!((29_500..30_500).contains(&seeders), "{seeders}");
    }
}
