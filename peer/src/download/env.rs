//! Parts of the engine that downloads use.

use std::sync::Arc;

use crate::discovery::trackers::query::Asker;
use crate::download::right::Rights;
use crate::flow::Flow;
use crate::flow::limits::Limits;
use crate::peers::dial::Peers;
use crate::shares::holding::Holdings;
use crate::world::Disk;
use crate::world::dice::Dice;
use crate::world::news::News;

/// Parts of the engine that a download uses. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Env {
    /// Peers that chunks are fetched from.
    pub(crate) peers: Arc<Peers>,
    /// Trackers that are asked who has a file, and told of what is here.
    pub(crate) asker: Asker,
    /// Files that this peer serves.
    pub(crate) holdings: Arc<Holdings>,
    /// Bounds of what is received.
    pub(crate) flow: Arc<Flow>,
    /// Bounds of what one download uses.
    pub(crate) limits: Limits,
    /// Rights to fetch a file, one task each.
    pub(crate) rights: Rights,
    /// News for front ends.
    pub(crate) news: Arc<News>,
    /// Randomness for choices.
    pub(crate) dice: Arc<Dice>,
    /// Threads that read, write and hash.
    pub(crate) disk: Disk,
}
