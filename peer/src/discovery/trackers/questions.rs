//! Questions of front ends to trackers: a search, whether a tracker is there, whether a token opens it. Each is asked by a
//! task of its own, so that the engine waits for none.

use std::sync::Arc;

use sprat_api::{Answer, Refusal, TrackerError, TrackerQuestion};
use sprat_chunking::FileId;
use sprat_protocol::tracker::{AccessToken, Query, Search};
use tokio::sync::Semaphore;
use url::Url;

use crate::discovery::trackers::all::Trackers;
use crate::discovery::trackers::client::TrackerClient;
use crate::discovery::trackers::query::ASKED_PEERS;
use crate::discovery::trackers::search::search;
use crate::world::asked::Reply;
use crate::world::tasks::Tasks;

/// Upper bound of the questions that are under way at the same time.
const MAX_QUESTIONS: usize = 32;

/// Questions of the front ends of one engine to trackers, whether the engine uses those or not.
#[derive(Debug)]
pub(crate) struct Questions {
    trackers: Arc<Trackers>,
    tasks: Tasks,
    room: Arc<Semaphore>,
}

impl Questions {
    /// Creates the questions of an engine, none yet. Those under way are dropped when the engine stops.
    pub(crate) fn new(trackers: Arc<Trackers>, tasks: Tasks) -> Self {
        Self { trackers, tasks, room: Arc::new(Semaphore::new(MAX_QUESTIONS)) }
    }

    /// Searches all of these trackers at the same time.
    pub(crate) fn search(&self, urls: &[Url], words: Search, reply: Reply) {
        if urls.is_empty() {
            return reply.send(Err(Refusal::NoTracker));
        }
        let clients = urls.iter().map(|url| self.trackers.client_of(url)).collect();
        self.ask_by(async move { Ok(Answer::Found(search(clients, &words).await)) }, reply);
    }

    /// Asks one tracker.
    pub(crate) fn ask(&self, url: &Url, question: TrackerQuestion, reply: Reply) {
        let client = self.trackers.client_of(url);
        self.ask_by(async move { Ok(answer(client, question).await?) }, reply);
    }

    /// Tries whether a token opens a tracker, by a QUERY for nothing: the least that any token is good for.
    pub(crate) fn try_token(&self, url: &Url, token: &AccessToken, reply: Reply) {
        let client = self.trackers.client_of(url).with_token(Some(token));
        self.ask_by(async move { Ok(client.query(about(None)).await.map(|_| Answer::Done)?) }, reply);
    }

    fn ask_by(&self, work: impl Future<Output = Result<Answer, Refusal>> + Send + 'static, reply: Reply) {
        let Ok(place) = self.room.clone().try_acquire_owned() else {
            return reply.send(Err(Refusal::TooManyQuestions));
        };
        self.tasks.spawn(async move {
            reply.send_result(work).await;
            drop(place);
        });
    }
}

async fn answer(client: TrackerClient, question: TrackerQuestion) -> Result<Answer, TrackerError> {
    match question {
        TrackerQuestion::IsUp => client.is_up().await.map(|()| Answer::Done),
        // Other programs listen where a tracker is looked for, too, and some say yes to anything.
        TrackerQuestion::IsTracker => match client.with_token(None).query(about(None)).await {
            Ok(_) | Err(TrackerError::Refused { .. }) => Ok(Answer::Done),
            Err(error) => Err(error),
        },
        TrackerQuestion::Holders(file_id) => {
            let files = client.query(about(Some(file_id))).await?.files;
            let named = files.iter().find(|file| file.file_id == file_id).map_or(0, |file| file.peers.len());
            Ok(Answer::Holders(u32::try_from(named).unwrap_or(u32::MAX)))
        }
    }
}

/// QUERY about one file or none, by nobody in particular.
fn about(file_id: Option<FileId>) -> Query {
    let max_peers = if file_id.is_some() { ASKED_PEERS } else { 0 };
    Query { peer_id: None, file_ids: file_id.into_iter().collect(), max_peers }
}
