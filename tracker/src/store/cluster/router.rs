//! Sends commands to the servers that they are for.
//!
//! The cluster client of the `redis` crate is not used, though its connections are: it learns where slots have gone only
//! from what servers say, so after the machine of a primary has fallen silent it keeps asking that one, also when another
//! has long taken over; and it cannot send commands for several slots at once. Here one task per server keeps a connection
//! (`node`), whoever is away is found out about by time-outs, and then the others are asked who serves what.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::RwLock;
use rand::seq::SliceRandom;
use redis::{Cmd, Pipeline, RedisConnectionInfo, Script, ServerErrorKind, ToRedisArgs, Value};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time;

use super::keys::SlotKey;
use super::node::{NoAnswer, Node};
use super::topology::{Range, Topology, parse_slots};
use crate::model::error::Unavailable;

/// Pauses before a command is sent again that could not be carried out just now: while a slot moves, or while another
/// server takes over.
const WAIT_MILLIS: [u64; 6] = [5, 10, 20, 40, 80, 160];
/// Number of commands that are sent to one server at once, so that the last answer is there in time.
const BATCH_LEN: usize = 256;
/// Pause before servers are asked again who serves what: when all is well, and when not.
const LOOK_TIME: Duration = Duration::from_secs(5);
const LOOK_TIME_IN_TROUBLE: Duration = Duration::from_millis(250);
/// Number of servers that are asked.
const MOST_ASKED: usize = 5;
/// Least pause before servers are asked again.
const LOOK_PAUSE: Duration = Duration::from_millis(50);

/// Host and port of a server.
pub(super) type Address = (String, u16);

/// A command, and the slot of the keys that it is about.
#[derive(Clone, Debug)]
pub(super) struct SlotCall {
    slot: u16,
    command: Cmd,
}

impl SlotCall {
    /// A command whose first argument is this key.
    pub(super) fn new(name: &str, key: &SlotKey) -> Self {
        let mut command = redis::cmd(name);
        command.arg(&key.name);
        Self { slot: key.slot, command }
    }

    /// A script on these keys, of which there is at least one and which are all in one slot.
    pub(super) fn script(script: &Script, keys: &[SlotKey]) -> Self {
        let mut command = redis::cmd("EVALSHA");
        command.arg(script.get_hash()).arg(keys.len());
        for key in keys {
            command.arg(&key.name);
        }
        Self { slot: keys[0].slot, command }
    }

    /// Adds one more argument.
    pub(super) fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        self.command.arg(arg);
        self
    }
}

/// Knows the servers, and which of them serves what.
#[derive(Debug)]
pub(super) struct Router {
    seeds: Vec<Address>,
    settings: RedisConnectionInfo,
    nodes: RwLock<HashMap<Address, Arc<Node>>>,
    topology: RwLock<Arc<Topology>>,
    /// Rung when it is time to ask who serves what.
    look: Arc<Notify>,
}

/// A call that has no answer yet.
struct Errand {
    call: SlotCall,
    /// Place in the list of calls.
    place: usize,
    /// Server that was named by the one that should have served the call.
    redirect: Option<Redirect>,
}

struct Redirect {
    node: Arc<Node>,
    /// Set if the slot is just moving there: that server has to be told that it is asked on purpose.
    is_asking: bool,
}

/// Outcome of an errand.
enum Outcome {
    Done(Value),
    Redirected(Redirect),
    /// Send it again in a moment.
    Wait,
    Failed,
}

impl Router {
    /// Knows these servers, as host and port, and nothing about them.
    pub(super) fn new(seeds: Vec<Address>, settings: RedisConnectionInfo) -> Self {
        let nodes = seeds.iter().map(|(host, port)| ((host.clone(), *port), Arc::new(Node::new(host.clone(), *port))));
        let nodes = RwLock::new(nodes.collect());
        Self { seeds, settings, nodes, topology: RwLock::default(), look: Arc::new(Notify::new()) }
    }

    /// Keeps the servers connected and learns who serves what; never ends.
    pub(super) async fn run(&self) {
        let mut keepers = JoinSet::new();
        let mut kept = HashMap::new();
        loop {
            self.keep_all(&mut keepers, &mut kept);
            self.learn().await;
            self.forget_gone();
            let topology = self.topology();
            let is_well = !topology.primaries().is_empty() && topology.primaries().iter().all(|node| node.is_up());
            time::sleep(LOOK_PAUSE).await;
            let pause = if is_well { LOOK_TIME } else { LOOK_TIME_IN_TROUBLE };
            let _ = time::timeout(pause, self.look.notified()).await;
        }
    }

    /// Returns who serves what, as far as is known.
    pub(super) fn topology(&self) -> Arc<Topology> {
        self.topology.read().clone()
    }

    /// Sends a command and returns its answer.
    pub(super) async fn call(&self, call: SlotCall) -> Result<Value, Unavailable> {
        self.call_all(vec![call]).await.pop().unwrap_or(Err(Unavailable))
    }

    /// Sends commands to whom they are for, to all servers at the same time. Returns an answer to each.
    pub(super) async fn call_all(&self, calls: Vec<SlotCall>) -> Vec<Result<Value, Unavailable>> {
        let mut results: Vec<_> = calls.iter().map(|_| Err(Unavailable)).collect();
        let errands = calls.into_iter().enumerate();
        let mut open: Vec<Errand> = errands.map(|(place, call)| Errand { call, place, redirect: None }).collect();
        let mut waits = WAIT_MILLIS.into_iter();
        let mut redirects = 0;
        while !open.is_empty() {
            let mut must_wait = redirects >= WAIT_MILLIS.len();
            let mut again = Vec::new();
            for (mut errand, outcome) in self.send(open).await {
                errand.redirect = match outcome {
                    Outcome::Done(value) => {
                        results[errand.place] = Ok(value);
                        continue;
                    }
                    Outcome::Failed => continue,
                    Outcome::Wait => {
                        must_wait = true;
                        None
                    }
                    Outcome::Redirected(redirect) => Some(redirect),
                };
                again.push(errand);
            }
            open = again;
            redirects += 1;
            if must_wait && !open.is_empty() {
                let Some(wait) = waits.next() else { break };
                self.look.notify_one();
                time::sleep(Duration::from_millis(wait)).await;
            }
        }
        results
    }

    /// Sends each errand once.
    async fn send(&self, errands: Vec<Errand>) -> Vec<(Errand, Outcome)> {
        let topology = self.topology();
        let mut groups: Vec<(Arc<Node>, Vec<Errand>)> = Vec::new();
        let mut outcomes = Vec::with_capacity(errands.len());
        for errand in errands {
            let owner = topology.owner(errand.call.slot);
            let Some(node) = errand.redirect.as_ref().map(|redirect| &redirect.node).or(owner).cloned() else {
                outcomes.push((errand, Outcome::Wait));
                continue;
            };
            match groups.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &node)) {
                Some((_, group)) => group.push(errand),
                None => groups.push((node, vec![errand])),
            }
        }
        let groups = groups.into_iter().map(|(node, errands)| self.send_to(node, errands));
        outcomes.extend(join_all(groups).await.into_iter().flatten());
        outcomes
    }

    /// Sends errands to one server.
    async fn send_to(&self, node: Arc<Node>, errands: Vec<Errand>) -> Vec<(Errand, Outcome)> {
        let mut outcomes = Vec::with_capacity(errands.len());
        let mut errands = errands.into_iter().peekable();
        while errands.peek().is_some() {
            let batch: Vec<Errand> = errands.by_ref().take(BATCH_LEN).collect();
            match send_batch(&node, &batch).await {
                Ok(answers) => {
                    let judged = batch.into_iter().zip(answers);
                    outcomes.extend(judged.map(|(errand, answer)| (errand, self.judge(&node, answer))));
                }
                Err(NoAnswer::NotYet) => outcomes.extend(batch.into_iter().map(|errand| (errand, Outcome::Wait))),
                Err(NoAnswer::Away) => outcomes.extend(batch.into_iter().map(|errand| (errand, Outcome::Failed))),
            }
        }
        outcomes
    }

    /// Judges a server's answer.
    fn judge(&self, node: &Arc<Node>, answer: Value) -> Outcome {
        let Value::ServerError(error) = answer else { return Outcome::Done(answer) };
        match error.kind() {
            Some(kind @ (ServerErrorKind::Moved | ServerErrorKind::Ask)) => {
                self.look.notify_one();
                let is_asking = kind == ServerErrorKind::Ask;
                let named = error.details().and_then(|details| parse_redirect(details, node.host()));
                named.map_or(Outcome::Wait, |(host, port)| {
                    Outcome::Redirected(Redirect { node: self.node(&host, port), is_asking })
                })
            }
            Some(
                ServerErrorKind::TryAgain
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::ReadOnly,
            ) => Outcome::Wait,
            Some(ServerErrorKind::NoScript) => {
                node.reconnect();
                Outcome::Wait
            }
            _ => {
                node.complain(&error);
                Outcome::Failed
            }
        }
    }

    /// Asks some servers who serves what, and believes what most of them say: one that was cut off from the others does not
    /// know what has changed since.
    async fn learn(&self) {
        let mut nodes: Vec<Arc<Node>> = self.nodes.read().values().filter(|node| node.is_up()).cloned().collect();
        nodes.shuffle(&mut rand::rng());
        nodes.truncate(MOST_ASKED);
        let ask = async |node: Arc<Node>| {
            match node.send(redis::cmd("CLUSTER").arg("SLOTS")).await {
                // Such as one that is no cluster.
                Ok(Value::ServerError(error)) => {
                    node.complain(&error);
                    Vec::new()
                }
                Ok(answer) => parse_slots(answer, node.host()),
                Err(_) => Vec::new(),
            }
        };
        let mut views = join_all(nodes.into_iter().map(ask)).await;
        views.retain(|ranges| !ranges.is_empty());
        let agreeing = |ranges: &Vec<Range>| views.iter().filter(|other| *other == ranges).count();
        if let Some(ranges) = views.iter().max_by_key(|ranges| agreeing(ranges)) {
            let topology = Topology::new(ranges, |host, port| self.node(host, port));
            *self.topology.write() = Arc::new(topology);
        }
    }

    /// The server at this address, which may be a new one.
    fn node(&self, host: &str, port: u16) -> Arc<Node> {
        let address = (host.to_owned(), port);
        if let Some(node) = self.nodes.read().get(&address) {
            return node.clone();
        }
        let node = Arc::new(Node::new(address.0.clone(), port));
        self.look.notify_one();
        self.nodes.write().entry(address).or_insert(node).clone()
    }

    /// Forgets servers that have left.
    fn forget_gone(&self) {
        let topology = self.topology();
        let serves = |node: &Arc<Node>| topology.primaries().iter().any(|primary| Arc::ptr_eq(primary, node));
        self.nodes.write().retain(|address, node| !node.is_away() || self.seeds.contains(address) || serves(node));
    }

    /// Has one task for each server, and none for those that have left.
    fn keep_all(&self, keepers: &mut JoinSet<()>, kept: &mut HashMap<Address, AbortHandle>) {
        let nodes = self.nodes.read();
        kept.retain(|address, keeper| {
            let stays = nodes.contains_key(address);
            if !stays {
                keeper.abort();
            }
            stays
        });
        for (address, node) in &*nodes {
            if !kept.contains_key(address) {
                let keeper = node.clone().keep(self.settings.clone(), self.look.clone());
                kept.insert(address.clone(), keepers.spawn(keeper));
            }
        }
    }
}

/// Sends some errands to a server at once.
async fn send_batch(node: &Node, errands: &[Errand]) -> Result<Vec<Value>, NoAnswer> {
    let _turn = node.turn(errands.len()).await?;
    if let [Errand { call, redirect: None, .. }] = errands {
        return Ok(vec![node.send(&call.command).await?]);
    }
    let is_asking = |errand: &Errand| errand.redirect.as_ref().is_some_and(|redirect| redirect.is_asking);
    let mut pipeline = Pipeline::new();
    for errand in errands {
        if is_asking(errand) {
            pipeline.cmd("ASKING");
        }
        pipeline.add_command(errand.call.command.clone());
    }
    let mut answers = node.send_all(&pipeline).await?.into_iter();
    let of_errand = |errand| {
        if is_asking(errand) {
            answers.next();
        }
        answers.next().unwrap_or_default()
    };
    Ok(errands.iter().map(of_errand).collect())
}

/// Reads `<slot> <host>:<port>`, where no host means the one that was asked.
fn parse_redirect(details: &str, asked: &str) -> Option<Address> {
    let (host, port) = details.split_once(' ')?.1.rsplit_once(':')?;
    let host = if host.is_empty() { asked } else { host };
    Some((host.to_owned(), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_names_host_and_port() {
        let named = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(parse_redirect("3999 10.0.0.2:6381", "asked"), named("10.0.0.2", 6381));
        assert_eq!(parse_redirect("3999 :6381", "asked"), named("asked", 6381));
        assert_eq!(parse_redirect("3999 2001:db8::1:6381", "asked"), named("2001:db8::1", 6381));
        for nonsense in ["", "3999", "3999 host", "3999 host:port", "3999 host:65536"] {
            assert_eq!(parse_redirect(nonsense, "asked"), None, "{nonsense}");
        }
    }
}
