//! `sprat share`: hash files where they lie, and serve them until Ctrl-C.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_api::{Command, Event, Snapshot, TransferState, TransferView};
use sprat_chunking::FileId;
use sprat_peer::{Engine, EngineHandle};
use sprat_protocol::Link;
use tokio::sync::broadcast::error::RecvError;
use url::{Host, Url};

use crate::args::ShareArgs;
use crate::commands::login;
use crate::config::{ConfigFile, Trackers};
use crate::engine::embedded::{DefaultTracker, EmbeddedTracker};
use crate::engine::state::StateDir;
use crate::engine::tracker_notes::TrackerNotes;
use crate::terminal::failure::{Exit, Failure};
use crate::terminal::interrupt::Interrupt;
use crate::terminal::output::Output;
use crate::terminal::progress::Bar;
use crate::terminal::records::SharedRecord;
use crate::terminal::words::{count, shell_quote, size};

/// Paths that the engine has at a time: enough that it never waits for more, and few enough that no event is lost.
const AHEAD: usize = 2048;

/// Shares the files, says how to fetch them, and serves them until the user wants it to end.
pub(crate) async fn run(args: &ShareArgs, output: Output, interrupt: &Interrupt) -> Result<(), Failure> {
    let (urls, embedded) = trackers(args, output).await?;
    let state = StateDir::new(args.engine.state_dir.as_deref())?;
    let config = args.engine.config(state.path(), urls, login::tokens()?);
    let engine = Engine::start(config).await.map_err(|error| Failure::failed(error.to_string()))?;
    let outcome = share_and_serve(args, &engine, output, interrupt).await;
    engine.shutdown().await;
    if let Some(tracker) = embedded {
        tracker.stop().await;
    }
    outcome
}

/// The configured trackers, or the one on this machine, which is started if it is not there.
async fn trackers(args: &ShareArgs, output: Output) -> Result<(Vec<Url>, Option<EmbeddedTracker>), Failure> {
    let trackers = Trackers::choose(&args.trackers.trackers, &ConfigFile::load()?)?;
    if args.lan {
        check_lan(args, &trackers)?;
    }
    if trackers.configured {
        return Ok((trackers.urls, None));
    }
    match DefaultTracker::find_or_start(args.lan).await? {
        DefaultTracker::Found(url) => {
            output.note(&format!("Using the tracker on this machine, {}.", shown(&url)));
            Ok((vec![url], None))
        }
        DefaultTracker::Started { tracker, other_port } => {
            let url = tracker.url().clone();
            let port = if other_port { " (port 5000 is taken by another program)" } else { "" };
            let reach = if args.lan {
                "for everybody on this network"
            } else {
                "for this machine only; --lan serves the network"
            };
            output.note(&format!("No tracker is configured, so one was started at {}{port}, {reach}.", shown(&url)));
            Ok((vec![url], Some(tracker)))
        }
    }
}

/// With `--lan` a link must not name an address that means another machine to whoever gets it.
fn check_lan(args: &ShareArgs, trackers: &Trackers) -> Result<(), Failure> {
    if args.engine.listen.ip().is_loopback() {
        return Err(Failure::usage(format!(
            "nobody else can reach {}; with --lan, leave --listen out or use --listen 0.0.0.0:0",
            args.engine.listen
        )));
    }
    match trackers.urls.iter().find(|url| is_loopback(url)) {
        Some(url) if trackers.configured => Err(Failure::usage(format!(
            "nobody else can reach the tracker {}; with --lan, name this machine by its address in the network, or \
             configure no tracker, and one is started",
            shown(url)
        ))),
        _ => Ok(()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn shown(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

async fn share_and_serve(
    args: &ShareArgs,
    engine: &EngineHandle,
    output: Output,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let mut sharing = Sharing::new(&args.paths, engine, output);
    sharing.run(interrupt).await?;
    let Sharing { shared, failed, .. } = sharing;
    if shared.is_empty() {
        return Err(Failure::silent(Exit::Failed));
    }
    let not = if failed == 0 { String::new() } else { format!(" ({failed} could not be shared, see above)") };
    output.note(&format!("Sharing {}{not}. Press Ctrl-C to stop.", what(args, shared.len())));
    serve(engine, shared, output, interrupt).await
}

/// Names in a few words what is shared.
fn what(args: &ShareArgs, shared: usize) -> String {
    if args.paths.iter().any(|path| path.is_dir()) { count(shared, "item") } else { count(shared, "file") }
}

/// Paths on their way to being shared: the engine has so many of them at a time, and what becomes of them is told in their order.
struct Sharing<'a> {
    paths: &'a [PathBuf],
    engine: &'a EngineHandle,
    output: Output,
    /// Number of paths that the engine was asked to share so far.
    asked: usize,
    /// Outcomes of the paths that the user was not told of yet; none while an outcome is not known.
    outcomes: VecDeque<(PathBuf, Option<Result<Link, String>>)>,
    /// Places in `paths` of those that are not known yet.
    awaited: HashMap<PathBuf, VecDeque<usize>>,
    shared: HashSet<FileId>,
    failed: usize,
    /// Transfers of the snapshot that was looked at last.
    transfers: HashMap<FileId, Arc<TransferView>>,
    bar: Option<Bar>,
}

impl<'a> Sharing<'a> {
    fn new(paths: &'a [PathBuf], engine: &'a EngineHandle, output: Output) -> Self {
        let (outcomes, awaited, transfers) = (VecDeque::new(), HashMap::new(), HashMap::new());
        let (shared, bar) = (HashSet::new(), None);
        Self { paths, engine, output, asked: 0, outcomes, awaited, shared, failed: 0, transfers, bar }
    }

    /// Has all of them shared, or told why not.
    async fn run(&mut self, interrupt: &Interrupt) -> Result<(), Failure> {
        let (mut events, mut snapshots) = (self.engine.events(), self.engine.watch());
        loop {
            self.ask().await;
            self.tell()?;
            if self.outcomes.is_empty() {
                return Ok(());
            }
            tokio::select! {
                event = events.recv() => match event {
                    Ok(Event::Shared { path, link }) => self.ended(&path, Ok(link)),
                    Ok(Event::ShareFailed { path, reason }) => self.ended(&path, Err(reason)),
                    // What was lost may have been an outcome; asked again, a file that is shared already says so.
                    Err(RecvError::Lagged(_)) => self.ask_again().await,
                    Err(RecvError::Closed) => return Err(Failure::engine_gone()),
                    Ok(_) => {}
                },
                changed = snapshots.changed() => {
                    changed.map_err(|_| Failure::engine_gone())?;
                    let snapshot = snapshots.borrow_and_update().clone();
                    self.show_hashing(&snapshot);
                }
                () = interrupt.requested() => return Err(Failure::interrupted()),
            }
        }
    }

    /// Asks for the next paths, as many as there is room for.
    async fn ask(&mut self) {
        while self.outcomes.len() < AHEAD
            && let Some(path) = self.paths.get(self.asked)
        {
            match std::path::absolute(path) {
                Ok(path) => {
                    self.awaited.entry(path.clone()).or_default().push_back(self.asked);
                    self.outcomes.push_back((path.clone(), None));
                    self.engine.send(Command::Share(path)).await;
                }
                Err(error) => {
                    let reason = format!("can't find {}: {error}; check the path", path.display());
                    self.outcomes.push_back((path.clone(), Some(Err(reason))));
                }
            }
            self.asked += 1;
        }
    }

    async fn ask_again(&mut self) {
        for (path, _) in self.outcomes.iter().filter(|(_, outcome)| outcome.is_none()) {
            self.engine.send(Command::Share(path.clone())).await;
        }
    }

    /// Notes what became of a path.
    fn ended(&mut self, path: &Path, outcome: Result<Link, String>) {
        let Some(places) = self.awaited.get_mut(path) else { return };
        let place = places.pop_front();
        if places.is_empty() {
            self.awaited.remove(path);
        }
        let first = self.asked - self.outcomes.len();
        if let Some((_, ended)) = place.and_then(|place| self.outcomes.get_mut(place - first)) {
            *ended = Some(outcome);
        }
    }

    /// Tells what became of the first of them, up to the one that is not known yet.
    fn tell(&mut self) -> Result<(), Failure> {
        while let Some((_, outcome)) = self.outcomes.pop_front_if(|(_, outcome)| outcome.is_some()) {
            self.bar = None;
            let path = &self.paths[self.asked - self.outcomes.len() - 1];
            match outcome {
                Some(Ok(link)) => {
                    let transfer = self.transfer(link.file_id);
                    announce(path, &link, transfer.as_deref(), self.output)?;
                    self.shared.insert(link.file_id);
                }
                Some(Err(reason)) => {
                    self.output.error(Exit::Failed, None, &reason);
                    self.failed += 1;
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Finds a transfer, which is in the snapshot once its event was heard.
    fn transfer(&mut self, file_id: FileId) -> Option<Arc<TransferView>> {
        if !self.transfers.contains_key(&file_id) {
            let snapshot = self.engine.snapshot();
            self.transfers = snapshot.transfers.iter().map(|transfer| (transfer.file_id, transfer.clone())).collect();
        }
        self.transfers.get(&file_id).cloned()
    }

    /// Shows how far the first of them is that the engine is not done with.
    fn show_hashing(&mut self, snapshot: &Snapshot) {
        let Some((path, _)) = self.outcomes.front() else { return };
        let Some(hashing) = snapshot.hashing.iter().find(|hashing| hashing.path == *path) else { return };
        if self.bar.is_none() && !self.output.is_json() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            self.bar = Bar::bytes(&format!("Hashing {name}"), hashing.total);
        }
        if let Some(bar) = &mut self.bar {
            bar.set(hashing.done);
        }
    }
}

/// Says how to fetch a file.
fn announce(path: &Path, link: &Link, shared: Option<&TransferView>, output: Output) -> Result<(), Failure> {
    // A link tells the size of what its ID is of, which for a folder is the list of its files.
    let bytes = shared.and_then(|shared| shared.size).or(link.size).unwrap_or_default();
    let files = shared.and_then(|shared| shared.files);
    output.record(&SharedRecord::new(path, link, bytes, files))?;
    let text = link.to_string();
    let files = files.map(|files| format!("{}, ", count(files as usize, "file"))).unwrap_or_default();
    output.line(&format!("{} ({files}{})", path.display(), size(bytes)))?;
    output.line(&format!("  File ID  {}", link.file_id))?;
    output.line(&format!("  Link     {text}"))?;
    output.line("  Send this line to a friend, who then runs it:")?;
    output.line(&format!("  sprat get {}\n", shell_quote(&text)))?;
    Ok(())
}

/// Serves until the user wants it to end, or nothing is left to serve.
async fn serve(
    engine: &EngineHandle,
    mut shared: HashSet<FileId>,
    output: Output,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let mut snapshots = engine.watch();
    let mut notes = TrackerNotes::default();
    let bar = (!output.is_json()).then(Bar::text);
    loop {
        let snapshot = snapshots.borrow_and_update().clone();
        notes.tell(&snapshot.trackers, output);
        report_stopped(&snapshot, &mut shared, output);
        if shared.is_empty() {
            return Err(Failure::failed("nothing is left to share; share the files again as they are now"));
        }
        if let Some(bar) = &bar {
            bar.say(traffic(&snapshot));
        }
        tokio::select! {
            changed = snapshots.changed() => changed.map_err(|_| Failure::engine_gone())?,
            // To be asked to stop is how a share ends well.
            () = interrupt.requested() => return Ok(()),
        }
    }
}

/// Tells of files that can no longer be served, once each.
fn report_stopped(snapshot: &Arc<Snapshot>, shared: &mut HashSet<FileId>, output: Output) {
    for transfer in &snapshot.transfers {
        if let TransferState::Stopped(trouble) = &transfer.state
            && shared.remove(&transfer.file_id)
        {
            output.error(Exit::Failed, Some(transfer.file_id), &trouble.to_string());
        }
    }
}

/// Bytes sent so far, for the foot of the terminal.
fn traffic(snapshot: &Snapshot) -> String {
    let sent: u64 = snapshot.transfers.iter().map(|transfer| transfer.uploaded).sum();
    let peers = snapshot.transfers.iter().flat_map(|transfer| &transfer.peers);
    let connected: HashSet<_> = peers.filter(|peer| peer.connected).map(|peer| peer.peer_id).collect();
    let connected = count(connected.len(), "peer");
    format!("Sent {}, now {}/s, {connected} connected", size(sent), size(snapshot.up_rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_only_are_known_as_such() {
        let is_loopback = |text: &str| is_loopback(&text.parse().unwrap());
        assert!(
            ["http://127.0.0.1:5000", "http://[::1]", "http://localhost:1", "http://127.9.9.9"]
                .map(is_loopback)
                .iter()
                .all(|is| *is)
        );
        assert!(!is_loopback("http://192.168.1.2:5000") && !is_loopback("https://tracker.example"));
    }
}
