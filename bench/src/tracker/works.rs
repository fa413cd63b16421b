//! Works that servers are asked to do: requests for each connection, and what an answer to one of them must say.

use std::collections::HashSet;

use anyhow::{Context, bail, ensure};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use sprat_protocol::PeerId;
use sprat_protocol::tracker::{Answer, Heartbeat, Query, Request, Search};

use super::client::{Client, Reply, source};
use super::generator::Script;
use super::http::{get, post};
use super::names::Names;
use super::numbers::Zipf;
use super::servers::Server;
use super::world::{World, accepted};

/// Number of peers that an answer names.
pub(crate) const PEERS: usize = 50;
/// Requests of one connection before it begins anew.
const TURNS: usize = 4096;
/// Different searches.
const SEARCHES: usize = 1000;
/// More requests than this in a second no server answers here: so many are made of those that can be sent only once.
const ONCE: usize = 50_000;

/// One kind of work for one server.
pub(crate) struct Work<'a> {
    /// Title of the work.
    pub(crate) title: &'static str,
    /// Server that does the work.
    pub(crate) server: &'a Server,
    /// Makes the requests for some seconds.
    pub(crate) script: Box<dyn Fn(f64) -> Script + 'a>,
    check: fn(Reply) -> anyhow::Result<()>,
}

impl<'a> Work<'a> {
    fn new(
        title: &'static str,
        server: &'a Server,
        script: impl Fn(f64) -> Script + 'a,
        check: fn(Reply) -> anyhow::Result<()>,
    ) -> Self {
        Self { title, server, script: Box::new(script), check }
    }

    /// Sends one request, and reads all of the answer to it. Returns how long its body is.
    pub(crate) fn check(&self) -> anyhow::Result<usize> {
        let script = (self.script)(0.1);
        let request = &script.requests[script.turns[0][0] as usize];
        let reply = Client::connect(self.server.address, source(0))?.ask(request)?;
        let len = reply.body.len();
        let checked = reply.ok().and_then(self.check);
        checked.with_context(|| format!("{} of {}", self.title, self.server.name))?;
        Ok(len)
    }
}

/// QUERY of one file, the more popular the more often.
pub(crate) fn query<'a>(server: &'a Server, world: &'a World) -> Work<'a> {
    let script = |_| {
        let requests = world.files.iter().map(|file| {
            // Somebody who has nothing yet and who is told of everybody therefore.
            let (peer_id, file_ids) = (Some(PeerId::new([7; PeerId::LEN])), vec![file.id]);
            post(server.address, &Request::Query(Query { peer_id, file_ids, max_peers: PEERS as u32 }))
        });
        Script { requests: requests.collect(), turns: popular(world), repeats: true }
    };
    Work::new("QUERY", server, script, |reply| {
        let Answer::QueryAnswer(answer) = serde_json::from_slice(&reply.body)? else { bail!("no QUERY_ANSWER") };
        ensure!(answer.unknown.is_empty() && answer.files.len() == 1, "not the file that was asked for");
        let peers: HashSet<PeerId> = answer.files[0].peers.iter().map(|peer| peer.peer_id).collect();
        ensure!(peers.len() == PEERS, "{} peers", peers.len());
        Ok(())
    })
}

/// HEARTBEAT, of every peer in its turn.
pub(crate) fn heartbeat<'a>(server: &'a Server, world: &'a World) -> Work<'a> {
    let script = |_| {
        let requests = world.peers.iter().map(|peer| {
            let token = peer.token.clone().expect("every peer has registered");
            post(server.address, &Request::Heartbeat(Heartbeat { peer_id: peer.id(), token, completed: Vec::new() }))
        });
        let mut turns = vec![Vec::new(); world.sources];
        (0..).zip(&world.peers).for_each(|(number, peer)| turns[peer.source].push(number));
        Script { requests: requests.collect(), turns, repeats: true }
    };
    Work::new("HEARTBEAT", server, script, |reply| match serde_json::from_slice(&reply.body)? {
        Answer::HeartbeatAnswer(_) => Ok(()),
        _ => bail!("no HEARTBEAT_ANSWER"),
    })
}

/// REGISTER of one file.
pub(crate) fn register<'a>(server: &'a Server, world: &'a World) -> Work<'a> {
    Work::new(
        "REGISTER, 1 file",
        server,
        |seconds| registers(server, world, 1, seconds),
        |reply| accepted(reply).map(|_| ()),
    )
}

/// REGISTER of all the files of a peer.
pub(crate) fn register_all<'a>(server: &'a Server, world: &'a World) -> Work<'a> {
    let script = |seconds| registers(server, world, usize::MAX, seconds / 8.0);
    Work::new("REGISTER, 100 files", server, script, |reply| accepted(reply).map(|_| ()))
}

/// SEARCH for words of the names.
pub(crate) fn search<'a>(server: &'a Server, world: &'a World) -> Work<'a> {
    let script = |_| {
        let mut rng = SmallRng::seed_from_u64(3);
        let requests = (0..SEARCHES).map(|_| {
            let name = &world.files[rng.random_range(0..world.files.len())].name;
            post(server.address, &Request::Search(Search { words: Names::search(name, &mut rng), page: 0 }))
        });
        let turns =
            (0..world.sources).map(|source| (0..SEARCHES).map(|turn| ((source + turn) % SEARCHES) as u32).collect());
        Script { requests: requests.collect(), turns: turns.collect(), repeats: true }
    };
    Work::new("SEARCH", server, script, |reply| match serde_json::from_slice(&reply.body)? {
        Answer::SearchAnswer(answer) if !answer.files.is_empty() => Ok(()),
        _ => bail!("nothing was found"),
    })
}

/// All of them, as peers ask them: of a hundred, sixty HEARTBEATs, thirty QUERYs, eight REGISTERs of one file, two SEARCHes.
pub(crate) fn mix<'a>(server: &'a Server, world: &'a World) -> Work<'a> {
    let script = |seconds| {
        let part = |share, work: Work<'a>| (share, (work.script)(seconds));
        mixed(vec![
            part(60.0, heartbeat(server, world)),
            part(30.0, query(server, world)),
            part(2.0, search(server, world)),
            (8.0, registers(server, world, 1, seconds * 0.08)),
        ])
    };
    Work::new("mix", server, script, |_| Ok(()))
}

/// An announce of one file, the more popular the more often, by a peer that the server knows already.
pub(crate) fn announce<'a>(server: &'a Server, world: &'a World) -> Work<'a> {
    let script = |_| Script { requests: announces(server, world, 0), turns: popular(world), repeats: true };
    Work::new("announce", server, script, |reply| {
        let field = format!("5:peers{}:", PEERS * 6);
        ensure!(reply.body.windows(field.len()).any(|window| window == field.as_bytes()), "not {PEERS} peers");
        Ok(())
    })
}

/// Announces of every file by as many peers as it has elsewhere: what fills a server that is announced to.
pub(crate) fn all_announces(server: &Server, world: &World, swarm: usize) -> Script {
    let rounds = swarm.div_ceil(world.sources);
    let files = world.files.len();
    let turns = (0..world.sources).map(|source| {
        let ports = (source..swarm).step_by(world.sources).count();
        (0..(ports * files) as u32).collect()
    });
    let requests = (0..rounds).flat_map(|round| announces(server, world, round)).collect();
    Script { requests, turns: turns.collect(), repeats: false }
}

/// An answer that is always the same.
pub(crate) fn fixed<'a>(server: &'a Server, world: &'a World) -> Work<'a> {
    let script =
        |_| Script { requests: vec![get(server.address, "/")], turns: vec![vec![0]; world.sources], repeats: true };
    Work::new("a static answer", server, script, |_| Ok(()))
}

/// For each connection the indices of files, the first being the most popular.
fn popular(world: &World) -> Vec<Vec<u32>> {
    let (zipf, mut rng) = (Zipf::new(world.files.len()), SmallRng::seed_from_u64(4));
    let mut turns = || (0..TURNS).map(|_| zipf.sample(&mut rng) as u32).collect();
    (0..world.sources).map(|_| turns()).collect()
}

/// An announce of every file from whatever address it is sent from; another round comes from another port.
fn announces(server: &Server, world: &World, round: usize) -> Vec<Vec<u8>> {
    let requests = world.files.iter().map(|file| {
        let hash: String = file.id.as_bytes()[..20].iter().map(|byte| format!("%{byte:02x}")).collect();
        let path = format!(
            "/announce?info_hash={hash}&peer_id=-SP0000-{round:012}&port={}&uploaded=0&downloaded=0&left={}\
             &numwant={PEERS}&compact=1",
            4000 + round,
            round % 2
        );
        get(server.address, &path)
    });
    requests.collect()
}

/// REGISTERs of newcomers, each sent once: enough for this time.
fn registers(server: &Server, world: &World, files: usize, seconds: f64) -> Script {
    let mut script = Script { turns: vec![Vec::new(); world.sources], ..Script::default() };
    let enough = (ONCE as f64 * seconds) as usize;
    for peer in world.newcomers.iter().cycle().take(enough.max(world.sources)) {
        script.turns[peer.source].push(script.requests.len() as u32);
        script.requests.push(peer.register(server.address, world.claims(peer, files)));
    }
    script
}

/// All parts in one, each with its share of the requests, until one of them is used up.
fn mixed(parts: Vec<(f64, Script)>) -> Script {
    let mut rng = SmallRng::seed_from_u64(5);
    let mut mixed = Script::default();
    let connections = parts.first().map_or(0, |(_, part)| part.turns.len());
    let mut queues: Vec<Vec<(f64, Queue)>> = (0..connections).map(|_| Vec::new()).collect();
    for (share, part) in parts {
        let first = mixed.requests.len() as u32;
        mixed.requests.extend(part.requests);
        for (queues, turns) in queues.iter_mut().zip(part.turns) {
            queues.push((share, queue(turns, first, part.repeats)));
        }
    }
    for mut queues in queues {
        let all: f64 = queues.iter().map(|(share, _)| share).sum();
        let next = || {
            let mut point = rng.random_range(0.0..all);
            let chosen = queues.iter_mut().find(|(share, _)| {
                point -= share;
                point < 0.0
            });
            chosen?.1.next()
        };
        mixed.turns.push(std::iter::from_fn(next).collect());
    }
    mixed
}

/// The requests of one connection, in their order.
type Queue = Box<dyn Iterator<Item = u32>>;

/// The queue of these turns, counted from this request on.
fn queue(turns: Vec<u32>, first: u32, repeats: bool) -> Queue {
    let turns = turns.into_iter().map(move |turn| first + turn);
    if repeats { Box::new(turns.collect::<Vec<_>>().into_iter().cycle()) } else { Box::new(turns) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(name: u8, turns: Vec<Vec<u32>>, repeats: bool) -> Script {
        let count = turns.iter().flatten().max().map_or(0, |last| last + 1);
        Script { requests: (0..count as u8).map(|number| vec![name, number]).collect(), turns, repeats }
    }

    #[test]
    fn a_mix_has_its_shares_in_their_order_until_one_part_is_used_up() {
        let often = script(b'a', vec![vec![0, 1], vec![2]], true);
        let rarely = script(b'b', vec![(0..100).collect(), (100..200).collect()], false);
        let mixed = mixed(vec![(90.0, often), (10.0, rarely)]);
        for (turns, first) in mixed.turns.iter().zip([0, 100]) {
            let requests: Vec<&Vec<u8>> = turns.iter().map(|turn| &mixed.requests[*turn as usize]).collect();
            let once: Vec<u8> =
                requests.iter().filter(|request| request[0] == b'b').map(|request| request[1]).collect();
            assert_eq!(once, (first..first + 100).collect::<Vec<u8>>());
            let share = once.len() as f64 / requests.len() as f64;
            assert!((0.07..0.14).contains(&share), "{share}");
        }
        assert!(mixed.turns[1].iter().all(|turn| *turn == 2 || *turn >= 3 + 100));
    }
}
