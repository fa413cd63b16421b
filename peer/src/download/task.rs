//! The task of a transfer that is fetched: a file, or a folder after its list.

use std::sync::Arc;

use sprat_api::TransferState;
use sprat_chunking::FileId;
use sprat_protocol::FileName;
use sprat_store::disk::trouble::trouble;
use sprat_store::folder::Folder;
use sprat_store::folder::list::List;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::download::env::Env;
use crate::download::folder::{FolderFetch, TAKEN};
use crate::download::right::Right;
use crate::download::status::{Figures, Status};
use crate::download::{Download, Ended, Finished, Order, Outcome, Reins};
use crate::shares::holding::Holding;
use crate::state::library;
use crate::state::state_dir::StateDir;

/// Result of a fetch.
#[derive(Debug)]
pub(crate) enum Done {
    /// A file.
    File(Finished),
    /// A folder, and the holding that serves its list.
    Folder(Folder, Arc<Holding>),
}

/// Fetches a file. If the file is the list of a folder's files, fetches those files too.
pub(crate) async fn fetch(
    env: Env,
    state: Arc<StateDir>,
    mut order: Order,
    status: Arc<Status>,
    reins: Reins,
) -> Result<Done, Ended> {
    let (kept, file_id) = (state.clone(), order.link.file_id);
    let _right = right_to_fetch(&env, file_id, &status, &reins.stop).await?;
    let Figures { ordered_name, distrust, .. } = status.figures();
    // The part file is found by its name, which must not depend on which tracker or peer names the file first.
    order.name = ordered_name.or(order.name);
    let list = match on_disk(&env, move || library::kept_list(&kept, file_id)).await {
        Some((collection, bytes)) => {
            let named = order.name.clone().or_else(|| order.link.name.as_deref().map(FileName::clean));
            List { collection, bytes, name: named.unwrap_or_else(|| FileName::clean(&file_id.to_string())) }
        }
        None => {
            let download = Download::new(env.clone(), order.clone(), status.clone(), None, reins.clone());
            match download.run().await? {
                Outcome::File(finished) => return Ok(Done::File(finished)),
                Outcome::List(list) => list,
            }
        }
    };
    let (keeping, bytes, name) = (state.clone(), list.bytes.clone(), list.name.to_string());
    let path = state.file("folders");
    let kept = on_disk(&env, move || library::keep_list(&keeping, &bytes)).await;
    let kept = kept.map_err(|error| trouble(&path, list.bytes.len() as u64, &error))?;
    let holding = Arc::new(Holding::list(name, kept));
    status.update(|figures| figures.distrust |= distrust);
    let folder = FolderFetch::new(env, state, order, status, holding.clone(), reins).run(list).await?;
    Ok(Done::Folder(folder, holding))
}

/// Waits until no other task fetches the same file, be it as a part of a folder, and takes the right to fetch it.
async fn right_to_fetch(env: &Env, file_id: FileId, status: &Status, stop: &CancellationToken) -> Result<Right, Ended> {
    loop {
        if let Some(right) = env.rights.take(file_id) {
            return Ok(right);
        }
        if status.set_state(TransferState::Waiting) {
            env.news.changed();
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return Err(Ended::Stopped),
            () = sleep(TAKEN) => {}
        }
    }
}

async fn on_disk<T: Send + 'static>(env: &Env, work: impl FnOnce() -> T + Send + 'static) -> T {
    env.disk.spawn(work).await.expect("work on the disk does not panic")
}
