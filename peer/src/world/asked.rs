//! Commands of front ends, and the way back of their answers.

use sprat_api::{Answer, Command, Refusal};
use tokio::sync::oneshot;

/// Command of a front end, and the way back of its answer.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Command that is to be carried out.
    pub(crate) command: Command,
    /// Way back of the answer.
    pub(crate) reply: Reply,
}

impl Asked {
    /// Creates a command whose answer nobody waits for.
    pub(crate) fn unanswered(command: Command) -> Self {
        Self { command, reply: Reply(None) }
    }

    /// Creates a command, and the receiver of its answer, which fails if there will be none.
    pub(crate) fn answered(command: Command) -> (Self, oneshot::Receiver<Result<Answer, Refusal>>) {
        let (sender, answer) = oneshot::channel();
        (Self { command, reply: Reply(Some(sender)) }, answer)
    }
}

/// Way back of the answer to a command; leads nowhere if nobody waits for it.
#[derive(Debug)]
pub(crate) struct Reply(Option<oneshot::Sender<Result<Answer, Refusal>>>);

impl Reply {
    /// Sends the answer.
    pub(crate) fn send(self, answer: Result<Answer, Refusal>) {
        if let Some(sender) = self.0 {
            let _ = sender.send(answer);
        }
    }

    /// Works out the answer and sends it. The work is dropped as soon as nobody waits for it any more.
    pub(crate) async fn send_result(self, work: impl Future<Output = Result<Answer, Refusal>>) {
        let Some(mut sender) = self.0 else { return };
        tokio::select! {
            biased;
            () = sender.closed() => {}
            answer = work => drop(sender.send(answer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// Time longer than anything here takes; only a failing test waits for so long.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn work_lasts_as_long_as_somebody_waits_for_its_answer() {
        let (asked, answer) = Asked::answered(Command::RetryTrackers);
        asked.reply.send_result(ready(Ok(Answer::Done))).await;
        assert_eq!(answer.await, Ok(Ok(Answer::Done)));
        // Neither of these would end by itself.
        let unanswered = Asked::unanswered(Command::RetryTrackers);
        let (forgotten, answer) = Asked::answered(Command::RetryTrackers);
        drop(answer);
        for asked in [unanswered, forgotten] {
            timeout(PATIENCE, asked.reply.send_result(pending())).await.expect("nobody waits");
        }
    }

    #[tokio::test]
    async fn a_command_that_is_dropped_is_known_to_have_no_answer() {
        let (asked, answer) = Asked::answered(Command::RetryTrackers);
        drop(asked);
        assert!(answer.await.is_err());
    }
}
