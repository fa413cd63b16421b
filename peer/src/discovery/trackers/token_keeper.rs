//! Keeper of the tokens in their file. Changes are made one after another, in the order in which they were given.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use sprat_api::{Answer, Refusal};
use sprat_protocol::tracker::AccessToken;
use url::Url;

use crate::discovery::trackers::token_file::{TokenFile, TokenFileError};
use crate::world::Disk;
use crate::world::asked::Reply;
use crate::world::tasks::Tasks;

/// Keeper of the tokens in their file.
#[derive(Debug)]
pub(crate) struct TokenKeeper {
    file: Option<TokenFile>,
    changes: Mutex<VecDeque<Change>>,
    /// Held by the one who takes the next change and makes it.
    turn: Mutex<()>,
    disk: Disk,
    tasks: Tasks,
}

/// New token of a tracker, or none, and the way back of the answer.
#[derive(Debug)]
struct Change {
    tracker: Url,
    token: Option<AccessToken>,
    reply: Reply,
}

impl TokenKeeper {
    /// Creates the keeper of this file. Without a file, nothing is kept.
    pub(crate) fn new(file: Option<TokenFile>, disk: Disk, tasks: Tasks) -> Self {
        Self { file, changes: Mutex::default(), turn: Mutex::default(), disk, tasks }
    }

    /// Keeps a token of a tracker, or forgets it, and answers when that is done. An engine that stops meanwhile waits for
    /// it.
    pub(crate) fn keep(self: &Arc<Self>, tracker: Url, token: Option<AccessToken>, reply: Reply) {
        self.changes.lock().push_back(Change { tracker, token, reply });
        let keeper = self.clone();
        let changed = self.disk.spawn(move || keeper.change_next());
        self.tasks.spawn_to_its_end(async move {
            if let Err(error) = changed.await {
                tracing::error!(%error, "keeping a token broke");
            }
        });
    }

    fn change_next(&self) {
        let _turn = self.turn.lock();
        let next = self.changes.lock().pop_front();
        let Some(Change { tracker, token, reply }) = next else { return };
        reply.send(self.change(&tracker, token));
    }

    fn change(&self, tracker: &Url, token: Option<AccessToken>) -> Result<Answer, Refusal> {
        let file = self.file.as_ref().ok_or(Refusal::NoTokenFile)?;
        let not_kept = |error: TokenFileError| Refusal::TokenNotKept(error.to_string());
        let mut tokens = file.load().map_err(not_kept)?;
        match token {
            Some(token) => tokens.insert(tracker, token),
            None if tokens.remove(tracker) => {}
            None => return Err(Refusal::NoToken(tracker.clone())),
        }
        file.save(&tokens).map_err(not_kept)?;
        Ok(Answer::Done)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use sprat_api::Command;

    use super::*;
    use crate::world::asked::Asked;

    fn url() -> Url {
        "https://tracker.example".parse().unwrap()
    }

    fn keeper(file: Option<TokenFile>) -> Arc<TokenKeeper> {
        Arc::new(TokenKeeper::new(file, Disk::Threads, Tasks::default()))
    }

    async fn keep(keeper: &Arc<TokenKeeper>, token: Option<AccessToken>) -> Result<Answer, Refusal> {
        let (asked, answer) = Asked::answered(Command::RetryTrackers);
        keeper.keep(url(), token, asked.reply);
        answer.await.unwrap()
    }

    #[tokio::test]
    async fn a_token_is_kept_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::at(folder.path().join("tokens.toml"));
        let keeper = keeper(Some(file.clone()));
        let token = AccessToken::new([1; 32]);
        assert_eq!(keep(&keeper, Some(token.clone())).await, Ok(Answer::Done));
        assert_eq!(file.load().unwrap().of(&url()), Some(&token));
        assert_eq!(keep(&keeper, None).await, Ok(Answer::Done));
        assert_eq!(file.load().unwrap().of(&url()), None);
        assert_eq!(keep(&keeper, None).await, Err(Refusal::NoToken(url())));
    }

    #[tokio::test]
    async fn a_file_that_is_missing_or_damaged_is_told_and_stays_as_it_is() {
        let token = AccessToken::new([1; 32]);
        assert_eq!(keep(&keeper(None), Some(token.clone())).await, Err(Refusal::NoTokenFile));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.toml");
        fs::write(&path, "nonsense").unwrap();
        let kept = keep(&keeper(Some(TokenFile::at(path.clone()))), Some(token)).await;
        assert!(matches!(kept, Err(Refusal::TokenNotKept(reason)) if reason.contains("tokens.toml")));
        assert_eq!(fs::read(&path).unwrap(), b"nonsense");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_last_of_many_changes_stays_and_a_stop_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::at(folder.path().join("tokens.toml"));
        let keeper = keeper(Some(file.clone()));
        for number in 1..=50 {
            let token = AccessToken::new([number; 32]);
            keeper.keep(url(), Some(token), Asked::unanswered(Command::RetryTrackers).reply);
        }
        keeper.tasks.stop();
        keeper.tasks.ended().await;
        assert_eq!(file.load().unwrap().of(&url()), Some(&AccessToken::new([50; 32])));
    }
}
