//! All files that somebody holds, one after another: for a catalogue that has lost track of them.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream};
use redis::Value;
use sprat_chunking::FileId;
use sprat_protocol::PeerId;

use super::keys::Keys;
use super::node::Node;
use super::reading::read;
use super::router::{Router, SlotCall};
use crate::model::error::Unavailable;

/// Number of keys that a server looks at for one answer, about.
const STEP: usize = 500;

/// Goes through the keys of one primary after another. A slot that moves meanwhile may be missed, or seen twice.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    router: &'a Router,
    keys: &'a Keys,
    /// The primaries that are still to be asked, the last one first; none before the first step.
    nodes: Option<Vec<Arc<Node>>>,
    /// Cursor of the primary that is asked now.
    cursor: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(router: &'a Router, keys: &'a Keys) -> Self {
        Self { router, keys, nodes: None, cursor: 0 }
    }

    /// The walk as a stream of some files at a time, which ends with an error if a primary is away.
    pub(super) fn into_stream(self) -> BoxStream<'a, Result<Vec<(FileId, PeerId)>, Unavailable>> {
        Box::pin(stream::try_unfold(self, async |mut walk| Ok(walk.next().await?.map(|files| (files, walk)))))
    }

    /// Some files, in no order, each with somebody who holds it; none at the end.
    ///
    /// # Errors
    /// [`Unavailable`] if a primary is away, or it is not known of some slots who serves them.
    async fn next(&mut self) -> Result<Option<Vec<(FileId, PeerId)>>, Unavailable> {
        let nodes = match &mut self.nodes {
            Some(nodes) => nodes,
            None => {
                let topology = self.router.topology();
                if !topology.is_whole() {
                    return Err(Unavailable);
                }
                self.nodes.insert(topology.primaries().to_vec())
            }
        };
        let Some(node) = nodes.last() else { return Ok(None) };
        let page = node.send(redis::cmd("SCAN").arg(self.cursor).arg("COUNT").arg(STEP)).await;
        let (cursor, names): (u64, Vec<Vec<u8>>) = read(page.map_err(|_| Unavailable)?)?;
        self.cursor = cursor;
        if cursor == 0 {
            nodes.pop();
        }
        let file_ids: Vec<FileId> = names.iter().filter_map(|name| self.keys.file_of(name)).collect();
        let calls = file_ids.iter().map(|file_id| SlotCall::new("ZRANDMEMBER", &self.keys.file(*file_id)[0]));
        let holders = self.router.call_all(calls.collect()).await;
        let holder = |(file_id, answer): (_, Result<Value, _>)| {
            let peer_id: Option<Vec<u8>> = answer.and_then(read).ok()?;
            Some((file_id, PeerId::new(peer_id?.try_into().ok()?)))
        };
        Ok(Some(file_ids.into_iter().zip(holders).filter_map(holder).collect()))
    }
}
