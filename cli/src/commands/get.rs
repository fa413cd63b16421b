//! `sprat get`: fetch a file by its ID.

use std::fs;
use std::path::{self, Path, PathBuf};

use sprat_api::{Target, TransferView};
use sprat_peer::{Engine, EngineHandle};
use sprat_protocol::Link;
use url::Url;

use crate::args::GetArgs;
use crate::commands::login;
use crate::config::{ConfigFile, Trackers};
use crate::engine::fetch::{fetch, transfer_in};
use crate::engine::state::StateDir;
use crate::terminal::failure::Failure;
use crate::terminal::interrupt::Interrupt;
use crate::terminal::output::{Output, path_bytes};
use crate::terminal::progress::Bar;
use crate::terminal::records::CompleteRecord;
use crate::terminal::words::size;

/// Fetches the file, and says where it is; serves it on if that was asked for.
pub(crate) async fn run(args: &GetArgs, output: Output, interrupt: &Interrupt) -> Result<(), Failure> {
    let mut link: Link = args.link.parse().map_err(|error| Failure::usage(format!("{}: {error}", args.link)))?;
    link.peers.extend(args.peers.iter().cloned());
    let file_id = link.file_id;
    let file = ConfigFile::load()?;
    let target =
        target(args.output.as_deref(), file.download_dir.as_deref()).map_err(|failure| failure.about(file_id))?;
    let state = StateDir::new(args.engine.state_dir.as_deref())?;
    let trackers = all_trackers(Trackers::choose(&args.trackers.trackers, &file)?, &link);
    let config = args.engine.config(state.path(), trackers, login::tokens()?);
    let engine = Engine::start(config).await.map_err(|error| Failure::failed(error.to_string()).about(file_id))?;
    let outcome = get(args, &engine, link, target, output, interrupt).await;
    engine.shutdown().await;
    outcome.map_err(|failure| failure.about(file_id))
}

async fn get(
    args: &GetArgs,
    engine: &EngineHandle,
    link: Link,
    target: Target,
    output: Output,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let file_id = link.file_id;
    let complete = fetch(engine, link, target, args, output, interrupt).await?;
    output.record(&CompleteRecord::from(&*complete))?;
    output.raw_line(&path_bytes(&complete.path))?;
    if !args.seed {
        return Ok(());
    }
    output.note("Complete; now it is shared with others. Press Ctrl-C to stop.");
    let mut snapshots = engine.watch();
    let bar = (!output.is_json()).then(Bar::text);
    loop {
        let transfer = transfer_in(&snapshots.borrow_and_update(), file_id);
        if let (Some(bar), Some(transfer)) = (&bar, transfer) {
            bar.say(sent(&transfer));
        }
        tokio::select! {
            changed = snapshots.changed() => changed.map_err(|_| Failure::engine_gone())?,
            // To be asked to stop is how seeding ends well.
            () = interrupt.requested() => return Ok(()),
        }
    }
}

fn sent(transfer: &TransferView) -> String {
    format!("Sent {}, now {}/s", size(transfer.uploaded), size(transfer.up_rate))
}

/// The configured trackers and those of the link, with which this peer also registers, so that others find it. The
/// default is for links that name none.
fn all_trackers(chosen: Trackers, link: &Link) -> Vec<Url> {
    let chosen = if chosen.configured || link.trackers.is_empty() { chosen.urls } else { Vec::new() };
    let mut all = Vec::with_capacity(chosen.len() + link.trackers.len());
    for url in chosen.into_iter().chain(link.trackers.iter().cloned()) {
        if !all.contains(&url) {
            all.push(url);
        }
    }
    all
}

/// Target of the download, as a whole path; a folder is made if it is not there.
fn target(output: Option<&Path>, download_dir: Option<&Path>) -> Result<Target, Failure> {
    let whole = |path: &Path| path::absolute(path).map_err(|error| cannot("find", path, &error));
    let dir = match output {
        Some(output) if output.as_os_str().is_empty() => {
            return Err(Failure::usage("--output is empty; name a file or a folder"));
        }
        Some(output) if names_a_folder(output) => output,
        Some(output) => return file_target(whole(output)?),
        None => download_dir.unwrap_or(Path::new(".")),
    };
    let dir = whole(dir)?;
    fs::create_dir_all(&dir).map_err(|error| cannot("make the folder", &dir, &error))?;
    Ok(Target::Dir(dir))
}

fn names_a_folder(path: &Path) -> bool {
    let last = path.as_os_str().as_encoded_bytes().last();
    path.is_dir() || last.is_some_and(|byte| path::is_separator(char::from(*byte)))
}

fn file_target(path: PathBuf) -> Result<Target, Failure> {
    match path.parent() {
        Some(parent) if parent.is_dir() => Ok(Target::File(path)),
        _ => Err(Failure::failed(format!(
            "the folder of {} does not exist; make it first, or end --output in a slash to have a folder made",
            path.display()
        ))),
    }
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("can't {what} {}: {error}; choose another place with --output", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_is_a_folder_where_it_is_or_looks_like_one() {
        let dir = tempfile::tempdir().unwrap();
        let target = |output: Option<PathBuf>, download_dir: Option<PathBuf>| {
            target(output.as_deref(), download_dir.as_deref()).map_err(|failure| failure.exit as u8)
        };
        let at = |name: &str| dir.path().join(name);
        assert_eq!(target(Some(dir.path().into()), None), Ok(Target::Dir(dir.path().into())));
        assert_eq!(target(Some(at("new/")), None), Ok(Target::Dir(at("new/"))));
        assert!(at("new").is_dir());
        assert_eq!(target(Some(at("x.iso")), Some(at("d"))), Ok(Target::File(at("x.iso"))));
        assert_eq!(target(None, Some(at("d"))), Ok(Target::Dir(at("d"))));
        assert_eq!(target(None, None), Ok(Target::Dir(std::env::current_dir().unwrap())));
        assert_eq!(target(Some(at("no/x.iso")), None), Err(1));
        assert_eq!(target(Some("".into()), None), Err(2));
        fs::write(at("file"), "").unwrap();
        assert_eq!(target(Some(at("file/")), None), Err(1));
    }

    #[test]
    fn the_default_tracker_is_for_links_that_name_none() {
        let urls = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Url>>();
        let id = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let bare: Link = id.parse().unwrap();
        let linked: Link = format!("{id}?tracker=http://b:1&tracker=http://c:1").parse().unwrap();
        let default = || Trackers { urls: urls(&["http://127.0.0.1:5000"]), configured: false };
        let chosen = || Trackers { urls: urls(&["http://a:1", "http://b:1"]), configured: true };
        assert_eq!(all_trackers(default(), &bare), urls(&["http://127.0.0.1:5000"]));
        assert_eq!(all_trackers(default(), &linked), urls(&["http://b:1", "http://c:1"]));
        assert_eq!(all_trackers(chosen(), &linked), urls(&["http://a:1", "http://b:1", "http://c:1"]));
    }
}
