//! `sprat share`: hash files where they lie, and serve them until Ctrl-C.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use sprat_chunking::FileId;
use sprat_peer::{Command, Engine, EngineHandle, Event, Snapshot, TransferState, TransferView};
use sprat_protocol::Link;
use tokio::sync::broadcast::error::RecvError;
use url::{Host, Url};

use crate::args::ShareArgs;
use crate::commands::login;
use crate::config::{ConfigFile, Trackers};
use crate::engine::embedded::{DefaultTracker, EmbeddedTracker};
use crate::engine::fetch::transfer_in;
use crate::engine::state::StateDir;
use crate::engine::tracker_notes::TrackerNotes;
use crate::terminal::failure::{Exit, Failure};
use crate::terminal::interrupt::Interrupt;
use crate::terminal::output::Output;
use crate::terminal::progress::Bar;
use crate::terminal::records::SharedRecord;
use crate::terminal::words::{count, shell_quote, size};

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
    let mut shared = HashSet::new();
    let mut failed = Vec::new();
    for path in &args.paths {
        match share(path, engine, output, interrupt).await? {
            Ok(link) => {
                let transfer = transfer_in(&engine.snapshot(), link.file_id);
                announce(path, &link, transfer.as_deref(), output)?;
                shared.insert(link.file_id);
            }
            Err(reason) => {
                output.error(Exit::Failed, None, &reason);
                failed.push(path);
            }
        }
    }
    if shared.is_empty() {
        return Err(Failure::silent(Exit::Failed));
    }
    let not =
        if failed.is_empty() { String::new() } else { format!(" ({} could not be shared, see above)", failed.len()) };
    output.note(&format!("Sharing {}{not}. Press Ctrl-C to stop.", what(args, shared.len())));
    serve(engine, shared, output, interrupt).await
}

/// Names in a few words what is shared.
fn what(args: &ShareArgs, shared: usize) -> String {
    if args.paths.iter().any(|path| path.is_dir()) { count(shared, "item") } else { count(shared, "file") }
}

/// Has one file hashed. The inner error is what is wrong with this file.
async fn share(
    path: &Path,
    engine: &EngineHandle,
    output: Output,
    interrupt: &Interrupt,
) -> Result<Result<Link, String>, Failure> {
    let asked = match std::path::absolute(path) {
        Ok(path) => path,
        Err(error) => return Ok(Err(format!("can't find {}: {error}; check the path", path.display()))),
    };
    let (mut events, mut snapshots) = (engine.events(), engine.watch());
    engine.send(Command::Share(asked.clone())).await;
    let mut bar = None;
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(Event::Shared { path, link }) if path == asked => return Ok(Ok(link)),
                Ok(Event::ShareFailed { path, reason }) if path == asked => return Ok(Err(reason)),
                // What was lost may have been the outcome; asked again, a file that is shared already says so.
                Err(RecvError::Lagged(_)) => engine.send(Command::Share(asked.clone())).await,
                Err(RecvError::Closed) => return Err(Failure::engine_gone()),
                Ok(_) => {}
            },
            changed = snapshots.changed() => {
                changed.map_err(|_| Failure::engine_gone())?;
                let snapshot = snapshots.borrow_and_update().clone();
                show_hashing(&snapshot, &asked, &mut bar, output);
            }
            () = interrupt.requested() => return Err(Failure::interrupted()),
        }
    }
}

fn show_hashing(snapshot: &Snapshot, path: &Path, bar: &mut Option<Bar>, output: Output) {
    let Some(hashing) = snapshot.hashing.iter().find(|hashing| hashing.path == path) else { return };
    if bar.is_none() && !output.is_json() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        *bar = Bar::bytes(&format!("Hashing {name}"), hashing.total);
    }
    if let Some(bar) = bar {
        bar.set(hashing.done);
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
