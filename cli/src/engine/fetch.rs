//! Waiting for a download: what is shown meanwhile, and when to give up.
//!
//! What lasts is read from snapshots, so that an event that is lost costs nothing.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use sprat_api::{Command, Event, Snapshot, Target, TrackerState, TransferState, TransferView, Trouble};
use sprat_chunking::FileId;
use sprat_peer::EngineHandle;
use sprat_protocol::Link;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

use crate::args::GetArgs;
use crate::engine::tracker_notes::TrackerNotes;
use crate::terminal::failure::{Exit, Failure};
use crate::terminal::interrupt::Interrupt;
use crate::terminal::output::Output;
use crate::terminal::progress::Bar;
use crate::terminal::records::ProgressRecord;
use crate::terminal::words::size;

/// Downloads what the link names, and returns how it stood when every byte was in place.
pub(crate) async fn fetch(
    engine: &EngineHandle,
    link: Link,
    target: Target,
    args: &GetArgs,
    output: Output,
    interrupt: &Interrupt,
) -> Result<Arc<TransferView>, Failure> {
    let file_id = link.file_id;
    let (mut events, mut snapshots) = (engine.events(), engine.watch());
    engine.send(Command::Download { link, target }).await;
    if args.sequential {
        engine.send(Command::SetSequential { file_id, sequential: true }).await;
    }
    let timeout = args.timeout;
    let mut patience = Patience::new(timeout, args.engine.download_limit, Instant::now());
    let mut display = Display::new(output, timeout);
    loop {
        let snapshot = snapshots.borrow_and_update().clone();
        let transfer = transfer_in(&snapshot, file_id);
        if let Some(transfer) = &transfer {
            match &transfer.state {
                TransferState::Sharing => return Ok(transfer.clone()),
                TransferState::Stopped(trouble) => return Err(stopped(trouble, Some(transfer))),
                _ => patience.look(transfer, Instant::now()),
            }
        }
        display.show(&snapshot, transfer.as_deref())?;
        tokio::select! {
            changed = snapshots.changed() => changed.map_err(|_| Failure::engine_gone())?,
            event = events.recv() => match event {
                Ok(Event::Stopped { file_id: id, trouble }) if id == file_id => {
                    let latest = transfer_in(&engine.snapshot(), file_id);
                    return Err(stopped(&trouble, latest.as_deref()));
                }
                Ok(Event::BadChunk { index, peer_id, .. }) => display.bad_chunk(index, &peer_id.short()),
                Err(RecvError::Closed) => return Err(Failure::engine_gone()),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
            },
            () = sleep_until(patience.deadline()) => return Err(nobody(&snapshot, transfer.as_deref(), timeout)),
            () = interrupt.requested() => {
                let message = format!("interrupted{}", go_on(transfer.as_deref()));
                return Err(Failure::new(Exit::Interrupted, message));
            }
        }
    }
}

/// Transfer of this file in a snapshot.
pub(crate) fn transfer_in(snapshot: &Snapshot, file_id: FileId) -> Option<Arc<TransferView>> {
    snapshot.transfers.iter().find(|transfer| transfer.file_id == file_id).cloned()
}

/// Deadline of a download without progress: a chunk verified, or the chunk hashes arrived.
struct Patience {
    limit: Duration,
    /// Bytes per second that the user lets in.
    rate: Option<NonZeroU32>,
    /// Time that a chunk takes at the allowed rate, which is no lack of progress.
    chunk_time: Duration,
    last_progress: Instant,
    mark: (u64, u32),
}

impl Patience {
    fn new(limit: Duration, rate: Option<NonZeroU32>, now: Instant) -> Self {
        Self { limit, rate, chunk_time: Duration::ZERO, last_progress: now, mark: (0, 0) }
    }

    fn look(&mut self, transfer: &TransferView, now: Instant) {
        let mark = (transfer.verified, transfer.num_chunks);
        // Reading what is on disk takes as long as it takes.
        if mark != self.mark || transfer.state == TransferState::Checking {
            self.mark = mark;
            self.last_progress = now;
        }
        let chunk = transfer.size.unwrap_or(0).div_ceil(u64::from(transfer.num_chunks.max(1)));
        // A few are on their way side by side.
        let seconds = self.rate.map_or(0, |rate| chunk.saturating_mul(4) / u64::from(rate.get()));
        self.chunk_time = Duration::from_secs(seconds);
    }

    fn deadline(&self) -> Instant {
        // A limit that no clock reaches is none: then some day far away stands for it.
        let limit = self.limit.saturating_add(self.chunk_time);
        self.last_progress.checked_add(limit).unwrap_or(self.last_progress + Duration::from_secs(1 << 30))
    }
}

/// Bar and notes that the user sees meanwhile.
struct Display {
    output: Output,
    timeout: Duration,
    bar: Option<Bar>,
    trackers: TrackerNotes,
    said_waiting: bool,
    last: Option<ProgressRecord>,
}

impl Display {
    fn new(output: Output, timeout: Duration) -> Self {
        let trackers = TrackerNotes::default();
        Self { output, timeout, bar: None, trackers, said_waiting: false, last: None }
    }

    fn show(&mut self, snapshot: &Snapshot, transfer: Option<&TransferView>) -> Result<(), Failure> {
        let Some(transfer) = transfer else { return Ok(()) };
        // A tracker that is away matters to nobody who found peers without it.
        if transfer.state == TransferState::Waiting {
            self.trackers.tell(&snapshot.trackers, self.output);
        }
        self.say_waiting(transfer);
        if !self.output.is_json() {
            self.bar.get_or_insert_with(Bar::text).show(transfer);
            return Ok(());
        }
        let record = ProgressRecord::from(transfer);
        if self.last.as_ref() != Some(&record) {
            self.output.record(&record)?;
            self.last = Some(record);
        }
        Ok(())
    }

    fn say_waiting(&mut self, transfer: &TransferView) {
        if transfer.state == TransferState::Waiting && !self.said_waiting {
            self.said_waiting = true;
            let seconds = self.timeout.as_secs_f64();
            self.output.note(&format!("Nobody who has it answers yet; waiting up to {seconds} s (see --timeout)."));
        }
    }

    fn bad_chunk(&self, index: u32, peer: &str) {
        self.output
            .note(&format!("Chunk {index} from peer {peer} was damaged; it is fetched again from another peer."));
    }
}

/// Sentence about the verified bytes that stay on disk.
fn kept(transfer: Option<&TransferView>) -> Option<String> {
    let transfer = transfer.filter(|transfer| transfer.verified > 0)?;
    Some(format!("{} verified is kept in {}.part", size(transfer.verified), transfer.path.display()))
}

/// The same, and how to go on with it, to be put behind a sentence.
fn go_on(transfer: Option<&TransferView>) -> String {
    kept(transfer).map(|kept| format!("; {kept}: run the same command again to go on from there")).unwrap_or_default()
}

fn stopped(trouble: &Trouble, transfer: Option<&TransferView>) -> Failure {
    let what = match trouble {
        Trouble::DiskFull { needed, dir } => {
            let (needed, dir) = (size(*needed), dir.display());
            format!(
                "the disk is full: {needed} more is needed in {dir}; free some space, then run the same command again"
            )
        }
        Trouble::Io { path, reason } => {
            format!(
                "{}: {reason}; mend that, or choose another place with --output, then run the same command again",
                path.display()
            )
        }
        Trouble::SourceChanged { .. } => trouble.to_string(),
    };
    let kept = kept(transfer).map(|kept| format!("; {kept}")).unwrap_or_default();
    Failure::failed(format!("{what}{kept}"))
}

/// Failure of a download for which nothing came: the trackers' fault if all are away or refuse to answer, and no peer
/// answered either.
fn nobody(snapshot: &Snapshot, transfer: Option<&TransferView>, timeout: Duration) -> Failure {
    let met_somebody = transfer.is_some_and(|transfer| transfer.num_chunks > 0 || !transfer.peers.is_empty());
    let away = snapshot.trackers.iter().filter_map(|tracker| match &tracker.state {
        TrackerState::Away { reason, .. } => Some(reason.as_str()),
        _ => tracker.refusal.as_deref(),
    });
    let away: Vec<&str> = away.collect();
    let go_on = go_on(transfer);
    if !met_somebody && !away.is_empty() && away.len() == snapshot.trackers.len() {
        return Failure::failed(format!("{}{go_on}", away.join("\n")));
    }
    let seconds = timeout.as_secs_f64();
    let what = match met_somebody {
        true => format!("for {seconds} s nothing more came from anybody who has this file"),
        false => format!("for {seconds} s nobody online had this file; check the ID"),
    };
    let advice = "ask whoever shares it to be online, or wait longer with --timeout";
    let join = if met_somebody { ';' } else { ',' };
    Failure::new(Exit::NotFound, format!("{what}{join} {advice}{go_on}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::records::tests::transfer;

    fn snapshot(trackers: Vec<TrackerState>) -> Snapshot {
        let url: url::Url = "http://t:1".parse().unwrap();
        let view = |state| sprat_api::TrackerView { reachable: None, refusal: None, url: url.clone(), state };
        Snapshot {
            trackers: trackers.into_iter().map(view).collect(),
            ..Snapshot::new(transfer().peers[0].peer_id, "0.0.0.0:1".parse().unwrap(), ".".into())
        }
    }

    #[test]
    fn patience_starts_anew_with_each_progress() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut patience = Patience::new(10 * second, None, start);
        let mut view = TransferView { verified: 0, num_chunks: 0, state: TransferState::Searching, ..transfer() };
        patience.look(&view, start + second);
        assert_eq!(patience.deadline(), start + 10 * second);
        view.num_chunks = 2;
        patience.look(&view, start + 2 * second);
        patience.look(&view, start + 3 * second);
        assert_eq!(patience.deadline(), start + 12 * second);
        view.verified = 1;
        patience.look(&view, start + 4 * second);
        assert_eq!(patience.deadline(), start + 14 * second);
        view.state = TransferState::Checking;
        patience.look(&view, start + 20 * second);
        assert_eq!(patience.deadline(), start + 30 * second);
        assert!(Patience::new(Duration::MAX, None, start).deadline() > start);
        // Two chunks of 150 kB at 10 kB a second: nobody can be done with one within 10 seconds.
        let mut patience = Patience::new(10 * second, NonZeroU32::new(10_000), start);
        patience.look(&transfer(), start);
        assert_eq!(patience.deadline(), start + 70 * second);
    }

    #[test]
    fn a_tracker_that_is_away_is_the_reason_only_where_nobody_else_answered() {
        let away = || TrackerState::Away { reason: "can't reach it; start one".into(), retry_in: Duration::ZERO };
        let fresh = TransferView { verified: 0, num_chunks: 0, peers: Vec::new(), ..transfer() };
        let why = |trackers, view: &TransferView| nobody(&snapshot(trackers), Some(view), Duration::from_secs(30));
        let failure = why(vec![away()], &fresh);
        assert_eq!((failure.exit, failure.message.as_deref()), (Exit::Failed, Some("can't reach it; start one")));
        assert_eq!(why(vec![away(), TrackerState::Online], &fresh).exit, Exit::NotFound);
        assert_eq!(why(Vec::new(), &fresh).exit, Exit::NotFound);
        let mut private = snapshot(vec![TrackerState::Online]);
        private.trackers[0].refusal = Some("this needs a token".into());
        let failure = nobody(&private, Some(&fresh), Duration::from_secs(30));
        assert_eq!((failure.exit, failure.message.as_deref()), (Exit::Failed, Some("this needs a token")));
        let failure = why(vec![away()], &transfer());
        assert_eq!(failure.exit, Exit::NotFound);
        assert!(failure.message.unwrap().contains("256.00 KiB verified is kept in /d/a.iso.part"));
    }
}
