//! `sprat demo`: a tracker, three seeders and a downloader in this process, over real TCP connections. One seeder stops
//! on the way; what arrives is checked with code of its own.

mod rehash;
mod swarm;
mod view;

use std::fs;
use std::iter;
use std::num::NonZeroU32;
use std::path::{self, Path, PathBuf};
use std::sync::Arc;

use sprat_api::{Command, Target, TransferState, TransferView};
use sprat_chunking::{FileId, Layout};
use sprat_peer::EngineHandle;
use sprat_protocol::{FileName, Link};
use tokio::task;

use crate::args::DemoArgs;
use crate::engine::fetch::transfer_in;
use crate::terminal::failure::Failure;
use crate::terminal::interrupt::Interrupt;
use crate::terminal::output::Output;
use crate::terminal::words::{count, size};
use swarm::{SEEDERS, Swarm};
use view::View;

/// Folder in which the demo saves what it fetched, below the current one.
const DOWNLOADS: &str = "downloads";
/// Bytes a second that a seeder of a short file sends.
const SLOWEST: NonZeroU32 = NonZeroU32::new(256 * 1024).unwrap();

/// Shows a whole swarm at work.
pub(crate) async fn run(args: &DemoArgs, output: Output, interrupt: &Interrupt) -> Result<(), Failure> {
    let mut swarm = Swarm::default();
    let outcome = tokio::select! {
        outcome = show(args, &mut swarm, output) => outcome,
        () = interrupt.requested() => Err(Failure::interrupted()),
    };
    if outcome.is_err() {
        swarm.forget_download().await;
    }
    swarm.stop().await;
    outcome
}

async fn show(args: &DemoArgs, swarm: &mut Swarm, output: Output) -> Result<(), Failure> {
    let source = source(args)?;
    let target = free_path(&downloads()?, &source);
    output.line(
        "A whole swarm on this machine: every part speaks to the others over TCP, as if they were far apart.\n",
    )?;
    output.line(&format!("File        {}", source.display()))?;
    let rate = upload_rate(&source)?;
    let link = start(&source, rate, swarm, output).await?;
    let file_id = link.file_id;
    swarm.wait_for_tracker(file_id).await?;
    output.line(&format!(
        "\nThe tracker names all three. Each seeder sends {}/s at most, so that there is something to see.",
        size(u64::from(rate.get()))
    ))?;
    let engine = swarm.add_downloader().await?;
    let complete = watch(&engine, link, target, swarm, output).await?;

    view::table(&complete, swarm, output)?;
    check(&complete, file_id, output).await
}

/// The file to share: the program itself unless another is named.
fn source(args: &DemoArgs) -> Result<PathBuf, Failure> {
    let found = match &args.file {
        Some(file) => path::absolute(file),
        None => std::env::current_exe(),
    };
    found.map_err(|error| Failure::failed(format!("can't find the file to share: {error}; name one: sprat demo FILE")))
}

fn downloads() -> Result<PathBuf, Failure> {
    let made = fs::create_dir_all(DOWNLOADS).and_then(|()| path::absolute(DOWNLOADS));
    made.map_err(|error| {
        Failure::failed(format!(
            "can't make the folder {DOWNLOADS} here: {error}; run the demo in a folder that you can write to"
        ))
    })
}

/// A path that nothing has yet, not even a part of: what is there already would not be fetched once more.
fn free_path(downloads: &Path, source: &Path) -> PathBuf {
    let is_free = |path: &Path| path.symlink_metadata().is_err();
    let name = FileName::clean_keeping_dot(&source.file_name().unwrap_or_default().to_string_lossy());
    let numbered = (2..).map(|number| name.numbered(number));
    let mut names = iter::once(name.to_string()).chain(numbered).map(|name| downloads.join(name));
    names
        .find(|path| is_free(path) && is_free(&path.with_added_extension("part")))
        .expect("there are more numbers than files")
}

/// Bytes a second that each seeder sends at most, so that three of them take a few seconds together: any file is worth a
/// look, and none is worth a long wait.
fn upload_rate(source: &Path) -> Result<NonZeroU32, Failure> {
    const SECONDS: u64 = 4;
    let len = fs::metadata(source).map_err(|error| {
        Failure::failed(format!("can't read {}: {error}; name another file: sprat demo FILE", source.display()))
    })?;
    let rate = u32::try_from(len.len() / SEEDERS as u64 / SECONDS).unwrap_or(u32::MAX);
    Ok(NonZeroU32::new(rate).unwrap_or(SLOWEST).max(SLOWEST))
}

/// Starts the tracker and the seeders, and returns the link to what they share.
async fn start(source: &Path, rate: NonZeroU32, swarm: &mut Swarm, output: Output) -> Result<Link, Failure> {
    let tracker = swarm.start_tracker().await?;
    output.line(&format!("Tracker     {}", tracker.as_str().trim_end_matches('/')))?;
    let mut link: Option<Link> = None;
    for number in 1..=SEEDERS {
        let (seeder, shared) = swarm.add_seeder(source, rate).await?;
        output.line(&format!("Seeder {number}    {}  peer {}…", seeder.listen, seeder.peer_id.short()))?;
        if link.get_or_insert_with(|| shared.clone()).file_id != shared.file_id {
            return Err(Failure::failed(format!(
                "{} changes while it is read; name another file: sprat demo FILE",
                source.display()
            )));
        }
    }
    let link = link.expect("there is more than one seeder");
    let len = link.size.unwrap_or_default();
    output.line(&format!("File ID     {}", link.file_id))?;
    let layout = Layout::new(len, sprat_chunking::ChunkSize::for_len(len));
    let chunks = layout.map_or(0, |layout| layout.num_chunks());
    let each = size(sprat_chunking::ChunkSize::for_len(len).bytes().into());
    output.line(&format!("Size        {} in {} of up to {each}", size(len), count(chunks as usize, "chunk")))?;
    Ok(link)
}

/// Downloads the file, and stops one seeder when a third of it is here.
async fn watch(
    engine: &EngineHandle,
    link: Link,
    target: PathBuf,
    swarm: &mut Swarm,
    output: Output,
) -> Result<Arc<TransferView>, Failure> {
    let file_id = link.file_id;
    let mut snapshots = engine.watch();
    engine.send(Command::Download { link, target: Target::File(target) }).await;
    let mut view = View::new(output);
    loop {
        let transfer = transfer_in(&snapshots.borrow_and_update(), file_id);
        if let Some(transfer) = transfer {
            view.show(&transfer, swarm)?;
            match &transfer.state {
                TransferState::Sharing => return Ok(transfer),
                TransferState::Stopped(trouble) => return Err(Failure::failed(trouble.to_string())),
                _ if swarm.all_run()
                    && transfer.num_chunks > 1
                    && transfer.chunks_done >= transfer.num_chunks.div_ceil(3) =>
                {
                    stop_one(&transfer, swarm, output).await?;
                }
                _ => {}
            }
        }
        snapshots.changed().await.map_err(|_| Failure::engine_gone())?;
    }
}

/// Stops the seeder that sent most, so that it is missed.
async fn stop_one(transfer: &TransferView, swarm: &mut Swarm, output: Output) -> Result<(), Failure> {
    let sent = |index: usize| view::sent_by(transfer, &swarm.seeders[index]).0;
    let busiest = (0..swarm.seeders.len()).max_by_key(|index| sent(*index)).unwrap_or_default();
    output.line(&format!(
        "Seeder {} is stopped now, with {} of {} chunks here. The others carry on.",
        busiest + 1,
        transfer.chunks_done,
        transfer.num_chunks
    ))?;
    swarm.stop_seeder(busiest).await;
    Ok(())
}

/// Hashes what was saved once more, with code that shares nothing with what fetched it.
async fn check(complete: &TransferView, file_id: FileId, output: Output) -> Result<(), Failure> {
    let path = complete.path.clone();
    let hashed = task::spawn_blocking(move || rehash::file_id(&path)).await;
    let found =
        hashed.map_err(|_| Failure::failed("hashing stopped unexpectedly; run the demo again"))?.map_err(|error| {
            Failure::failed(format!("can't read {}: {error}; run the demo again", complete.path.display()))
        })?;
    output.line("\nThe saved file, hashed again by separate code (RFC 9162 tree over SHA-256):")?;
    output.line(&format!("  asked for  {file_id}\n  found      {found}"))?;
    if found != file_id.to_string() {
        return Err(Failure::failed(format!(
            "the saved file {} is not the one that was shared; please report this",
            complete.path.display()
        )));
    }
    output.line("They are the same: every byte is right.\n")?;
    let name = complete.path.file_name().unwrap_or_default();
    output.line(&format!("Saved as {}", Path::new(DOWNLOADS).join(name).display()))?;
    Ok(())
}
