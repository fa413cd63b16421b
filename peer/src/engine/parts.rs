//! Parts of an engine. Only this file sees all of them; each task is handed the parts that it uses.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use sprat_chunking::FileId;
use sprat_protocol::Identity;
use tokio::sync::mpsc;

use crate::discovery::hints::Hints;
use crate::discovery::trackers::all::Trackers;
use crate::discovery::trackers::announcer::Announced;
use crate::discovery::trackers::query::Asker;
use crate::discovery::trackers::questions::Questions;
use crate::discovery::trackers::token_keeper::TokenKeeper;
use crate::download::env::Env;
use crate::download::right::Rights;
use crate::engine::config::EngineConfig;
use crate::flow::Flow;
use crate::peers::bans::BanList;
use crate::peers::dial::Peers;
use crate::peers::pool::Pool;
use crate::peers::serving::Serving;
use crate::shares::holding::Holdings;
use crate::wire::me::Me;
use crate::world::dice::Dice;
use crate::world::news::News;
use crate::world::tasks::Tasks;
use crate::world::{Disk, Network};

/// Upper bound of this peer's own addresses in a link.
const MAX_OWN: usize = 4;

/// Parts that the tasks of one engine share.
#[derive(Debug)]
pub(super) struct Parts {
    /// Identity, name and address of this peer.
    pub(super) me: Arc<Me>,
    /// Files that this peer has.
    pub(super) holdings: Arc<Holdings>,
    /// Connections to peers, and dialling of new ones.
    pub(super) peers: Arc<Peers>,
    /// Trackers that this peer registers with and queries.
    pub(super) trackers: Arc<Trackers>,
    /// Questions of front ends to any trackers.
    pub(super) questions: Questions,
    /// Buffers, rate limits, upload slots and settings of single transfers.
    pub(super) flow: Arc<Flow>,
    /// Events for front ends, from any task.
    pub(super) news: Arc<News>,
    /// Background tasks of the engine.
    pub(super) tasks: Tasks,
    /// Threads that read, write and hash.
    pub(super) disk: Disk,
    /// Network of this machine, or a simulated one.
    pub(super) network: Arc<dyn Network>,
    /// Parts that are handed to every download.
    pub(super) env: Env,
}

impl Parts {
    /// Creates the parts of an engine that listens on `listen`. `source_changed` reports shared files that changed on
    /// the disk.
    pub(super) fn new(
        config: &EngineConfig,
        identity: Identity,
        listen: SocketAddr,
        banned: &BanList,
        source_changed: mpsc::Sender<(FileId, PathBuf)>,
    ) -> Self {
        let limits = &config.limits;
        let (disk, network) = (config.world.disk, config.world.network.clone());
        let dice = Arc::new(Dice::new(config.world.seed));
        let (news, tasks, holdings) = (Arc::new(News::default()), Tasks::default(), Arc::new(Holdings::default()));
        let me = Arc::new(Me::new(identity, listen, &config.display_name));
        let flow = Arc::new(Flow::new(limits));
        let serving = Serving {
            holdings: holdings.clone(),
            flow: flow.clone(),
            disk,
            news: news.clone(),
            source_changed,
            idle_timeout: limits.idle_timeout,
        };
        let peers = Arc::new(Peers {
            me: me.clone(),
            network: network.clone(),
            pool: Pool::new(limits.connections, banned),
            serving: Arc::new(serving),
            tasks: tasks.clone(),
            connect_timeout: limits.connect_timeout,
        });
        let announced = Announced {
            me: me.clone(),
            network: network.clone(),
            holdings: holdings.clone(),
            news: news.clone(),
            dice: dice.clone(),
        };
        let keeper = TokenKeeper::new(config.token_file.clone(), disk, tasks.clone());
        let trackers = Arc::new(Trackers::new(config.tokens.clone(), keeper, announced, tasks.clone()));
        let questions = Questions::new(trackers.clone(), tasks.clone());
        let env = Env {
            peers: peers.clone(),
            asker: Asker { peer_id: me.peer_id, trackers: trackers.clone(), interval: limits.query_interval },
            holdings: holdings.clone(),
            flow: flow.clone(),
            limits: limits.clone(),
            rights: Rights::default(),
            news: news.clone(),
            dice,
            disk,
        };
        Self { me, holdings, peers, trackers, questions, flow, news, tasks, disk, network, env }
    }

    /// Returns the hints of every link that is handed to others: the trackers, and this peer's own addresses, so that
    /// two people on one network need no tracker.
    pub(super) fn hints(&self) -> Hints {
        let peers = self.me.reachable_at(&*self.network).into_iter().take(MAX_OWN).map(Into::into).collect();
        Hints { trackers: self.trackers.urls(), peers }
    }
}
