//! Engine that only asks trackers. It has no transfers, so that it needs neither a port nor a state directory, and starts at
//! once.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use sprat_api::{Command, Refusal, Snapshot};
use sprat_protocol::Identity;
use sprat_protocol::tracker::Search;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::engine::config::EngineConfig;
use crate::engine::parts::Parts;
use crate::peers::bans::BanList;
use crate::world::asked::Asked;

/// Address of an engine that listens nowhere.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// State of an engine that only asks trackers, owned by its task.
pub(super) struct Asking {
    parts: Parts,
    commands: mpsc::Receiver<Asked>,
    /// Sender of the only snapshot, which shows that nothing is here.
    _snapshots: watch::Sender<Arc<Snapshot>>,
}

impl Asking {
    /// Creates an engine that only asks trackers, and the receiver of its snapshot.
    pub(super) fn new(
        config: &EngineConfig,
        identity: Identity,
        commands: mpsc::Receiver<Asked>,
    ) -> (Self, watch::Receiver<Arc<Snapshot>>) {
        let (source_changed, _) = mpsc::channel(1);
        let parts = Parts::new(config, identity, NOWHERE, &BanList::default(), source_changed);
        let snapshot = Snapshot::new(parts.me.peer_id, NOWHERE, config.download_dir.clone());
        let (snapshots, receiver) = watch::channel(Arc::new(snapshot));
        (Self { parts, commands, _snapshots: snapshots }, receiver)
    }

    /// Runs the engine until `stop` is cancelled or the last handle is dropped. Dropping `ended` signals that the
    /// engine has ended.
    pub(super) async fn run(mut self, stop: CancellationToken, ended: DropGuard) {
        while let Some(Some(asked)) = stop.run_until_cancelled(self.commands.recv()).await {
            self.carry_out(asked);
        }
        // Commands that were sent before the stop are carried out.
        while let Ok(asked) = self.commands.try_recv() {
            self.carry_out(asked);
        }
        self.parts.tasks.stop();
        self.parts.tasks.ended().await;
        drop(self);
        drop(ended);
    }

    fn carry_out(&self, Asked { command, reply }: Asked) {
        match command {
            Command::Search { trackers, words, page } => {
                self.parts.questions.search(&trackers, Search { words, page }, reply);
            }
            Command::AskTracker { tracker, question } => self.parts.questions.ask(&tracker, question, reply),
            Command::TryToken { tracker, token } => self.parts.questions.try_token(&tracker, &token, reply),
            Command::SetToken { tracker, token } => self.parts.trackers.set_token(tracker, token, reply),
            _ => reply.send(Err(Refusal::AsksOnly)),
        }
    }
}
