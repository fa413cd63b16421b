//! Holdings: the files that this peer can serve from, wholly or in part.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use parking_lot::{Mutex, RwLock};
use sprat_chunking::{BLOCK_LEN, Bitfield, ChunkHashes, ChunkIndex, ChunkSize, FileId, Layout, leaf_hash, tree};
use sprat_protocol::PeerId;
use sprat_store::disk::stamp::FileStamp;
use sprat_store::part::PartChunks;
use sprat_store::source::{ReadError, Source};
use tokio::sync::{Notify, mpsc};

use crate::shares::handed_out::HandedOut;
use crate::state::library::KeptList;
use crate::wire::remote::Remote;
use crate::world::changes::Changes;

/// Number of recipients above which those whose connection has ended are forgotten.
const MAX_UPLOADED_TO: usize = 500;

/// A file of which this peer has some chunks.
#[derive(Debug)]
pub(crate) struct Holding {
    /// Name that this peer gives the file.
    pub(crate) name: String,
    /// Proven chunk hashes.
    pub(crate) hashes: ChunkHashes,
    /// True if requests are answered; false while the transfer is paused.
    serving: AtomicBool,
    /// True if this is the list of a folder of which something is not here yet.
    unfinished: AtomicBool,
    /// Folder that this is a part of. Trackers are told of the folder only, and bytes sent count there too.
    folder: Option<Arc<Holding>>,
    /// Set of changed transfers, in which sent bytes are noted; set once the file is held by itself.
    changes: OnceLock<Arc<Changes>>,
    /// Bytes of chunks sent since the engine started.
    pub(crate) uploaded: AtomicU64,
    /// Record of the chunks handed out, updated when the sending of one begins.
    handed_out: Mutex<HandedOut>,
    /// Peers that were sent chunks, with the bytes sent to each.
    uploaded_to: Mutex<HashMap<PeerId, Recipient>>,
    /// Number that grows with every gained chunk, and whenever serving is turned on or off. A connection that told its
    /// peer of one version sees by it whether there is news.
    version: AtomicU64,
    state: Mutex<State>,
    /// Connections whose peer wants to hear of new chunks.
    watchers: Mutex<Vec<Weak<Notify>>>,
    /// Channel to the running download, if any, for the IDs of peers that want this file and so have parts of it.
    visitors: Mutex<Option<mpsc::Sender<PeerId>>>,
}

/// A peer that was sent chunks.
#[derive(Clone, Debug)]
pub(crate) struct Recipient {
    /// Peer that was sent chunks.
    pub(crate) remote: Remote,
    /// Bytes of chunks sent to the peer.
    pub(crate) bytes: u64,
}

#[derive(Debug)]
struct State {
    /// Layout of the file; its length is an unproven claim until the last chunk is here.
    layout: Layout,
    has: Bitfield,
    source: Source,
}

impl Holding {
    /// Creates the holding of a whole file.
    pub(crate) fn whole(name: String, hashes: ChunkHashes, layout: Layout, path: PathBuf, stamp: FileStamp) -> Self {
        Self::lying(name, hashes, layout, Source::Whole { path, stamp })
    }

    /// Creates the holding of the list of a folder with this name.
    pub(crate) fn list(name: String, KeptList { hashes, layout, path, stamp }: KeptList) -> Self {
        Self::whole(name, hashes, layout, path, stamp)
    }

    /// Creates the holding of content of which every chunk lies in `source`.
    pub(crate) fn lying(name: String, hashes: ChunkHashes, layout: Layout, source: Source) -> Self {
        let has = Bitfield::full(layout.num_chunks());
        let handed_out = HandedOut::whole(hashes.num_chunks());
        Self::new(name, hashes, handed_out, State { layout, has, source })
    }

    /// Makes this holding a part of a folder.
    pub(crate) fn part_of(mut self, folder: &Arc<Self>) -> Self {
        self.folder = Some(folder.clone());
        self
    }

    /// Creates the holding of a download, of which the chunks `has` are here.
    pub(crate) fn part(
        name: String,
        hashes: ChunkHashes,
        layout: Layout,
        has: Bitfield,
        chunks: Arc<PartChunks>,
    ) -> Self {
        let handed_out = HandedOut::part(hashes.num_chunks());
        Self::new(name, hashes, handed_out, State { layout, has, source: Source::Part(chunks) })
    }

    fn new(name: String, hashes: ChunkHashes, handed_out: HandedOut, state: State) -> Self {
        Self {
            name,
            serving: AtomicBool::new(true),
            unfinished: AtomicBool::new(false),
            folder: None,
            changes: OnceLock::new(),
            uploaded: AtomicU64::new(0),
            handed_out: Mutex::new(handed_out),
            uploaded_to: Mutex::default(),
            version: AtomicU64::new(0),
            state: Mutex::new(state),
            watchers: Mutex::default(),
            visitors: Mutex::default(),
            hashes,
        }
    }

    /// Records that this chunk is handed out now.
    pub(crate) fn hand_out(&self, now: Instant, index: ChunkIndex) {
        self.handed_out.lock().note(now, index);
    }

    /// Returns how often this chunk was handed out, to all peers together.
    pub(crate) fn times_handed_out(&self, index: ChunkIndex) -> u16 {
        self.handed_out.lock().times(index)
    }

    /// Returns whether a peer other than `asker` was given this chunk so recently that the asker should get it there,
    /// while this peer hands out chunks that no other peer has yet. False for a download: other peers have that file
    /// too.
    pub(crate) fn is_elsewhere(&self, now: Instant, index: ChunkIndex, asker: &PeerId) -> bool {
        self.handed_out.lock().is_spreading(now, index) && self.serves_others_than(asker)
    }

    fn serves_others_than(&self, asker: &PeerId) -> bool {
        let uploaded_to = self.uploaded_to.lock();
        uploaded_to.iter().any(|(other, recipient)| other != asker && !recipient.remote.is_gone())
    }

    /// Returns the ID of the file.
    pub(crate) fn file_id(&self) -> FileId {
        self.hashes.file_id()
    }

    /// Returns the layout of the file; its length is an unproven claim until the last chunk is here.
    pub(crate) fn layout(&self) -> Layout {
        self.state.lock().layout
    }

    /// Returns the chunks that are here.
    pub(crate) fn has(&self) -> Bitfield {
        self.state.lock().has.clone()
    }

    /// Returns whether every chunk is here; for the list of a folder, whether everything in the folder is here too.
    pub(crate) fn is_complete(&self) -> bool {
        !self.unfinished.load(Ordering::Relaxed) && self.state.lock().has.is_full()
    }

    /// Records a chunk that is verified and on disk, and the `layout` of the file as known since. Wakes every
    /// connection whose peer wants the file.
    pub(crate) fn gained(&self, index: ChunkIndex, layout: Layout) {
        {
            let mut state = self.state.lock();
            state.has.insert(index);
            state.layout = layout;
        }
        self.version.fetch_add(1, Ordering::Release);
        self.wake_watchers();
    }

    /// Returns the number of changes so far, of chunks or of serving. If it is read before [`Holding::has`], it is
    /// never newer than that.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Serves a completed download from its final path from now on.
    pub(crate) fn completed(&self, path: PathBuf, stamp: FileStamp) {
        self.lies(Source::Whole { path, stamp });
    }

    /// Serves the file from `source`, which has all of it, from now on.
    pub(crate) fn lies(&self, source: Source) {
        self.state.lock().source = source;
        *self.visitors.lock() = None;
    }

    /// Sets whether this is the list of a folder of which something is not here yet. To trackers, a peer with such a
    /// folder is no seeder.
    pub(crate) fn set_unfinished(&self, unfinished: bool) {
        self.unfinished.store(unfinished, Ordering::Relaxed);
    }

    /// Returns whether this is a part of this folder.
    fn is_of(&self, folder: &Arc<Self>) -> bool {
        self.folder.as_ref().is_some_and(|mine| Arc::ptr_eq(mine, folder))
    }

    /// Turns the answering of requests on or off, and wakes every connection whose peer wants the file.
    pub(crate) fn serve(&self, serving: bool) {
        self.serving.store(serving, Ordering::Relaxed);
        if !serving {
            // An open part file stays locked, so it is closed here.
            let mut state = self.state.lock();
            if matches!(state.source, Source::Part(_)) {
                state.source = Source::Gone;
            }
        }
        self.version.fetch_add(1, Ordering::Release);
        self.wake_watchers();
    }

    /// Returns whether requests are answered: for a part, only while the folder's are answered too.
    pub(crate) fn is_serving(&self) -> bool {
        self.serving.load(Ordering::Relaxed) && self.folder.as_ref().is_none_or(|folder| folder.is_serving())
    }

    /// Registers a connection that is woken for each new chunk.
    pub(crate) fn watch(&self, wake: &Arc<Notify>) {
        let mut watchers = self.watchers.lock();
        watchers.retain(|watcher| watcher.strong_count() > 0 && watcher.as_ptr() != Arc::as_ptr(wake));
        watchers.push(Arc::downgrade(wake));
    }

    fn wake_watchers(&self) {
        self.watchers.lock().iter().filter_map(Weak::upgrade).for_each(|wake| wake.notify_one());
    }

    /// Sends the IDs of peers that want this file to `visitors` from now on.
    pub(crate) fn announce_visitors(&self, visitors: mpsc::Sender<PeerId>) {
        *self.visitors.lock() = Some(visitors);
    }

    /// Announces a peer that wants the file to its download. If the queue is full the peer is not announced; the
    /// tracker names it sooner or later.
    pub(crate) fn visited_by(&self, peer_id: PeerId) {
        if let Some(visitors) = self.visitors.lock().as_ref() {
            let _ = visitors.try_send(peer_id);
        }
    }

    /// Returns the layout of the file in chunks of this size, if such chunks can be served from here.
    pub(crate) fn layout_for(&self, chunk_size: ChunkSize) -> Option<Layout> {
        let state = self.state.lock();
        if chunk_size == state.layout.chunk_size() {
            return Some(state.layout);
        }
        let whole = matches!(state.source, Source::Whole { .. } | Source::Bundle(_));
        whole.then(|| Layout::new(state.layout.len(), chunk_size).ok()).flatten()
    }

    /// Reads a slice of one chunk from its byte `at` on; blocks. `layout` is one that [`Holding::layout_for`] returned.
    ///
    /// A shared file is opened anew for each read, so that a replaced file is noticed, and checked after each read, so
    /// that a file being written is noticed. If the file was touched but kept its length, the whole chunk is hashed,
    /// with the bytes about to be sent in it: a file that was merely touched is still served.
    pub(crate) fn read(&self, layout: Layout, index: ChunkIndex, at: usize, slice: &mut [u8]) -> Result<(), ReadError> {
        let (source, has) = {
            let state = self.state.lock();
            (state.source.clone(), layout != state.layout || state.has.has(index))
        };
        if !has {
            return Err(ReadError::NotHere);
        }
        match source.fill(layout.range(index).start + at as u64, slice)? {
            None => Ok(()),
            // Bytes read from a touched file must match the hash of their chunk.
            Some(path) if layout != self.layout() => Err(ReadError::Changed(path)),
            Some(path) if slice.len() == layout.chunk_len(index) => {
                if self.hashes.matches(index, slice) {
                    Ok(())
                } else {
                    Err(ReadError::Changed(path))
                }
            }
            Some(path) => self.read_proven(&source, path, index, at, slice),
        }
    }

    /// Reads a whole chunk of a touched file block by block, checks its hash, and fills `slice` from the bytes that
    /// were hashed.
    fn read_proven(
        &self,
        source: &Source,
        path: PathBuf,
        index: ChunkIndex,
        at: usize,
        slice: &mut [u8],
    ) -> Result<(), ReadError> {
        let layout = self.layout();
        let (start, len) = (layout.range(index).start, layout.chunk_len(index));
        let (mut block, mut blocks) = ([0; BLOCK_LEN], Vec::new());
        for from in (0..len).step_by(BLOCK_LEN) {
            let block = &mut block[..BLOCK_LEN.min(len - from)];
            source.fill(start + from as u64, block)?;
            blocks.push(leaf_hash(block));
            // The bytes sent are the very bytes that were hashed.
            let (first, end) = (from.max(at), (from + block.len()).min(at + slice.len()));
            if first < end {
                slice[first - at..end - at].copy_from_slice(&block[first - from..end - from]);
            }
        }
        if tree::root(blocks) == self.hashes.hash(index) { Ok(()) } else { Err(ReadError::Changed(path)) }
    }

    /// Counts the bytes of a chunk that was sent, here and in the folder.
    pub(crate) fn sent(&self, to: &Remote, bytes: u64) {
        if let Some(folder) = &self.folder {
            folder.sent(to, bytes);
        }
        self.uploaded.fetch_add(bytes, Ordering::Relaxed);
        let mut uploaded_to = self.uploaded_to.lock();
        if uploaded_to.len() >= MAX_UPLOADED_TO && !uploaded_to.contains_key(&to.peer_id) {
            uploaded_to.retain(|_, recipient| !recipient.remote.is_gone());
        }
        let before = uploaded_to.get(&to.peer_id).map_or(0, |recipient| recipient.bytes);
        uploaded_to.insert(to.peer_id, Recipient { remote: to.clone(), bytes: before + bytes });
        drop(uploaded_to);
        if let Some(changes) = self.changes.get() {
            changes.note(self.file_id());
        }
    }

    /// Returns the peers that were sent chunks, with the bytes sent to each.
    pub(crate) fn uploaded_to(&self) -> Vec<(PeerId, Recipient)> {
        self.uploaded_to.lock().iter().map(|(peer_id, recipient)| (*peer_id, recipient.clone())).collect()
    }
}

/// Holdings of this peer, by file ID. The same file may have several: one by itself, and one as a part of each of
/// several folders. Each of them is added, removed and paused independently.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    held: RwLock<Held>,
    /// File IDs of transfers of which something changed that a snapshot shows.
    pub(crate) changes: Arc<Changes>,
}

/// Maps of the holdings. Each is ordered by ID, so that iteration has the same order in every run.
#[derive(Debug, Default)]
struct Held {
    /// Files by themselves, and lists of folders.
    own: BTreeMap<FileId, Arc<Holding>>,
    /// Parts of folders, by the folder's ID and the part's own ID.
    parts: BTreeMap<(FileId, FileId), Arc<Holding>>,
    /// Pairs of a part's ID and a folder's ID: the keys of `parts`, reversed.
    folders: BTreeSet<(FileId, FileId)>,
}

/// Returns the range of all pairs that begin with this ID.
fn beginning_with(id: FileId) -> RangeInclusive<(FileId, FileId)> {
    (id, FileId::new([0; 32]))..=(id, FileId::new([0xff; 32]))
}

impl Held {
    /// Returns all holdings of this file.
    fn all_of(&self, file_id: FileId) -> impl Iterator<Item = &Arc<Holding>> {
        let folders = self.folders.range(beginning_with(file_id));
        let parts = folders.filter_map(move |(_, folder)| self.parts.get(&(*folder, file_id)));
        self.own.get(&file_id).into_iter().chain(parts)
    }

    /// Removes and returns all parts of this folder.
    fn take_parts(&mut self, folder: FileId) -> Vec<Arc<Holding>> {
        let keys: Vec<_> = self.parts.range(beginning_with(folder)).map(|(key, _)| *key).collect();
        keys.into_iter().filter_map(|(folder, part)| self.take_part(folder, part)).collect()
    }

    fn take_part(&mut self, folder: FileId, part: FileId) -> Option<Arc<Holding>> {
        self.folders.remove(&(part, folder));
        self.parts.remove(&(folder, part))
    }
}

impl Holdings {
    /// Returns the holding that serves this file; of several, the one with the most chunks.
    pub(crate) fn serving(&self, file_id: &FileId) -> Option<Arc<Holding>> {
        let held = self.held.read();
        let serving = held.all_of(*file_id).filter(|holding| holding.is_serving());
        serving.max_by_key(|holding| holding.state.lock().has.count()).cloned()
    }

    /// Returns the holding of this file by itself.
    pub(crate) fn get(&self, file_id: &FileId) -> Option<Arc<Holding>> {
        self.held.read().own.get(file_id).cloned()
    }

    /// Returns the holding of this file as a part of this folder.
    pub(crate) fn part(&self, file_id: &FileId, folder: &Arc<Holding>) -> Option<Arc<Holding>> {
        let held = self.held.read();
        held.parts.get(&(folder.file_id(), *file_id)).filter(|part| part.is_of(folder)).cloned()
    }

    /// Adds a holding, and replaces the one of the same file by itself, or as a part of the same folder.
    pub(crate) fn insert(&self, holding: Arc<Holding>) {
        let (file_id, mut held) = (holding.file_id(), self.held.write());
        if let Some(folder) = holding.folder.as_ref().map(|folder| folder.file_id()) {
            held.folders.insert((file_id, folder));
            held.parts.insert((folder, file_id), holding);
            return;
        }
        // Bytes sent of the file show in its transfer.
        let _ = holding.changes.set(self.changes.clone());
        held.own.insert(file_id, holding);
        drop(held);
        self.changes.note(file_id);
    }

    /// Removes a file, and, if it is a folder's list, the parts of the folder. They are no longer served, and
    /// connections whose peers want one are woken to say so.
    pub(crate) fn remove(&self, file_id: &FileId) {
        let (own, parts) = {
            let mut held = self.held.write();
            let Some(own) = held.own.remove(file_id) else { return };
            (own, held.take_parts(*file_id))
        };
        own.serve(false);
        parts.into_iter().for_each(|part| part.serve(false));
        self.changes.note(*file_id);
    }

    /// Removes a part of a folder.
    pub(crate) fn remove_part(&self, file_id: &FileId, folder: &Arc<Holding>) {
        let removed = {
            let mut held = self.held.write();
            let is_there = held.parts.get(&(folder.file_id(), *file_id)).is_some_and(|part| part.is_of(folder));
            is_there.then(|| held.take_part(folder.file_id(), *file_id)).flatten()
        };
        removed.into_iter().for_each(|part| part.serve(false));
    }

    /// Returns every file that is served and that trackers are told of, ordered by ID.
    pub(crate) fn all_announced(&self) -> Vec<Arc<Holding>> {
        self.held.read().own.values().filter(|holding| holding.is_serving()).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use sprat_chunking::tree;

    use super::*;

    fn file(content: &[u8], folder: Option<&Arc<Holding>>) -> Arc<Holding> {
        let (chunk_size, len) = (ChunkSize::for_len(content.len() as u64), content.len() as u64);
        let hashes = ChunkHashes::from_hashes(chunk_size, vec![tree::chunk_hash(content)]);
        let layout = Layout::new(len, chunk_size).unwrap();
        let stamp = FileStamp { len, modified: None, changed: None };
        let holding = Holding::whole("file".to_owned(), hashes, layout, "/file".into(), stamp);
        Arc::new(match folder {
            Some(folder) => holding.part_of(folder),
            None => holding,
        })
    }

    fn is_same(one: Option<Arc<Holding>>, other: &Arc<Holding>) -> bool {
        one.is_some_and(|one| Arc::ptr_eq(&one, other))
    }

    #[test]
    fn a_file_is_held_by_itself_and_in_folders_each_for_itself() {
        let holdings = Holdings::default();
        let (list, other) = (file(b"list", None), file(b"other list", None));
        let [own, part, twin] = [None, Some(&list), Some(&other)].map(|folder| file(b"content", folder));
        for holding in [&list, &other, &own, &part, &twin] {
            holdings.insert(holding.clone());
        }
        let id = own.file_id();
        assert!(is_same(holdings.get(&id), &own));
        assert!(is_same(holdings.part(&id, &list), &part) && is_same(holdings.part(&id, &other), &twin));
        assert_eq!(holdings.all_announced().len(), 3, "parts are not told to trackers");
        holdings.remove(&id);
        assert!(!own.is_serving() && holdings.get(&id).is_none());
        holdings.remove_part(&id, &other);
        assert!(is_same(holdings.serving(&id), &part));
        holdings.remove(&list.file_id());
        assert!(!part.is_serving() && holdings.serving(&id).is_none());
        assert_eq!(holdings.all_announced().len(), 1);
    }

    #[test]
    fn a_part_is_of_one_list_and_not_of_another_with_the_same_id() {
        let holdings = Holdings::default();
        let (before, list) = (file(b"list", None), file(b"list", None));
        let part = file(b"content", Some(&list));
        [&list, &part].into_iter().for_each(|holding| holdings.insert(holding.clone()));
        holdings.remove_part(&part.file_id(), &before);
        assert!(holdings.part(&part.file_id(), &before).is_none());
        assert!(is_same(holdings.part(&part.file_id(), &list), &part));
    }

    #[test]
    fn what_serves_is_what_has_not_paused() {
        let holdings = Holdings::default();
        let list = file(b"list", None);
        let (own, part) = (file(b"content", None), file(b"content", Some(&list)));
        [&list, &own, &part].into_iter().for_each(|holding| holdings.insert(holding.clone()));
        own.serve(false);
        assert!(is_same(holdings.serving(&own.file_id()), &part));
        list.serve(false);
        assert!(holdings.serving(&own.file_id()).is_none(), "a folder pauses with its parts");
    }

    #[test]
    fn what_comes_and_goes_is_noted_for_its_transfer() {
        let holdings = Holdings::default();
        let list = file(b"list", None);
        let part = file(b"content", Some(&list));
        [&list, &part].into_iter().for_each(|holding| holdings.insert(holding.clone()));
        assert_eq!(holdings.changes.take(), [list.file_id()].into());
        holdings.remove(&list.file_id());
        assert_eq!(holdings.changes.take(), [list.file_id()].into());
    }
}
