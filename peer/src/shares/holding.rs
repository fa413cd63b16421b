//! What this peer has: files that it can serve from, wholly or in part.

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

/// How many peers that were sent something are remembered by name; over that those who left are forgotten.
const MAX_UPLOADED_TO: usize = 500;

/// A file that this peer has some chunks of.
#[derive(Debug)]
pub(crate) struct Holding {
    /// What the peer calls it.
    pub(crate) name: String,
    /// The proven chunk hashes.
    pub(crate) hashes: ChunkHashes,
    /// Whether requests are answered; not while the transfer is paused.
    serving: AtomicBool,
    /// Whether it is the list of a folder of which something is not here yet.
    unfinished: AtomicBool,
    /// The folder that this is a part of: trackers hear of that only, and what is sent counts there too.
    folder: Option<Arc<Holding>>,
    /// Where is noted that more was sent, once it is held by itself.
    changes: OnceLock<Arc<Changes>>,
    /// Bytes of chunks sent since the engine started.
    pub(crate) uploaded: AtomicU64,
    /// What was handed out, noted when its sending begins.
    handed_out: Mutex<HandedOut>,
    /// The same by peer.
    uploaded_to: Mutex<HashMap<PeerId, Recipient>>,
    /// Grows with every chunk, so that who told its peer of some version sees at once whether there is news.
    version: AtomicU64,
    state: Mutex<State>,
    /// Connections whose peer wants to hear of new chunks.
    watchers: Mutex<Vec<Weak<Notify>>>,
    /// Where the download, while there is one, hears of peers that want this file and so have parts of it.
    visitors: Mutex<Option<mpsc::Sender<PeerId>>>,
}

/// A peer that was sent chunks.
#[derive(Clone, Debug)]
pub(crate) struct Recipient {
    /// The peer.
    pub(crate) remote: Remote,
    /// Bytes sent to it.
    pub(crate) bytes: u64,
}

#[derive(Debug)]
struct State {
    /// Its length is a claim until the last chunk is had.
    layout: Layout,
    has: Bitfield,
    source: Source,
}

impl Holding {
    /// A whole file.
    pub(crate) fn whole(name: String, hashes: ChunkHashes, layout: Layout, path: PathBuf, stamp: FileStamp) -> Self {
        Self::lying(name, hashes, layout, Source::Whole { path, stamp })
    }

    /// The list of a folder of this name.
    pub(crate) fn list(name: String, KeptList { hashes, layout, path, stamp }: KeptList) -> Self {
        Self::whole(name, hashes, layout, path, stamp)
    }

    /// All of something that lies there.
    pub(crate) fn lying(name: String, hashes: ChunkHashes, layout: Layout, source: Source) -> Self {
        let has = Bitfield::full(layout.num_chunks());
        let handed_out = HandedOut::whole(hashes.num_chunks());
        Self::new(name, hashes, handed_out, State { layout, has, source })
    }

    /// The same as a part of a folder.
    pub(crate) fn part_of(mut self, folder: &Arc<Self>) -> Self {
        self.folder = Some(folder.clone());
        self
    }

    /// A download, of which `has` is there.
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

    /// This chunk is handed out now.
    pub(crate) fn hand_out(&self, now: Instant, index: ChunkIndex) {
        self.handed_out.lock().note(now, index);
    }

    /// How often this chunk was handed out to anybody.
    pub(crate) fn times_handed_out(&self, index: ChunkIndex) -> u16 {
        self.handed_out.lock().times(index)
    }

    /// Whether somebody other than `asker` was given this chunk so recently that the asker better gets it there, while this
    /// peer hands out what nobody has yet. Never while this is a download: that others have the file too.
    pub(crate) fn is_elsewhere(&self, now: Instant, index: ChunkIndex, asker: &PeerId) -> bool {
        self.handed_out.lock().is_spreading(now, index) && self.serves_others_than(asker)
    }

    fn serves_others_than(&self, asker: &PeerId) -> bool {
        let uploaded_to = self.uploaded_to.lock();
        uploaded_to.iter().any(|(other, recipient)| other != asker && !recipient.remote.is_gone())
    }

    /// Which file it is.
    pub(crate) fn file_id(&self) -> FileId {
        self.hashes.file_id()
    }

    /// How it is cut; its length is a claim until the last chunk is had.
    pub(crate) fn layout(&self) -> Layout {
        self.state.lock().layout
    }

    /// The chunks that are had.
    pub(crate) fn has(&self) -> Bitfield {
        self.state.lock().has.clone()
    }

    /// Whether every chunk is had, of a folder also of everything in it.
    pub(crate) fn is_complete(&self) -> bool {
        !self.unfinished.load(Ordering::Relaxed) && self.state.lock().has.is_full()
    }

    /// A chunk is verified and on disk; `layout` is how the file is known to be cut since. Everybody who wants it is told.
    pub(crate) fn gained(&self, index: ChunkIndex, layout: Layout) {
        {
            let mut state = self.state.lock();
            state.has.insert(index);
            state.layout = layout;
        }
        self.version.fetch_add(1, Ordering::Release);
        self.wake_watchers();
    }

    /// How many chunks were gained so far. Read before [`Holding::has`], it is never newer than that.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The download is complete and lies there now.
    pub(crate) fn completed(&self, path: PathBuf, stamp: FileStamp) {
        self.lies(Source::Whole { path, stamp });
    }

    /// All of it is here, and lies there now.
    pub(crate) fn lies(&self, source: Source) {
        self.state.lock().source = source;
        *self.visitors.lock() = None;
    }

    /// Whether it is the list of a folder of which something is not here yet: to trackers that is no seeder.
    pub(crate) fn set_unfinished(&self, unfinished: bool) {
        self.unfinished.store(unfinished, Ordering::Relaxed);
    }

    /// Whether it is a part of this folder.
    fn is_of(&self, folder: &Arc<Self>) -> bool {
        self.folder.as_ref().is_some_and(|mine| Arc::ptr_eq(mine, folder))
    }

    /// Answers requests, or no longer; whoever wants the file is told.
    pub(crate) fn serve(&self, serving: bool) {
        self.serving.store(serving, Ordering::Relaxed);
        if !serving {
            // A part file is locked for as long as it is open.
            let mut state = self.state.lock();
            if matches!(state.source, Source::Part(_)) {
                state.source = Source::Gone;
            }
        }
        self.version.fetch_add(1, Ordering::Release);
        self.wake_watchers();
    }

    /// Whether requests are answered.
    pub(crate) fn is_serving(&self) -> bool {
        self.serving.load(Ordering::Relaxed) && self.folder.as_ref().is_none_or(|folder| folder.is_serving())
    }

    /// A connection that wants to be woken for each new chunk.
    pub(crate) fn watch(&self, wake: &Arc<Notify>) {
        let mut watchers = self.watchers.lock();
        watchers.retain(|watcher| watcher.strong_count() > 0 && watcher.as_ptr() != Arc::as_ptr(wake));
        watchers.push(Arc::downgrade(wake));
    }

    fn wake_watchers(&self) {
        self.watchers.lock().iter().filter_map(Weak::upgrade).for_each(|wake| wake.notify_one());
    }

    /// Peers that want this file are announced there from now on.
    pub(crate) fn announce_visitors(&self, visitors: mpsc::Sender<PeerId>) {
        *self.visitors.lock() = Some(visitors);
    }

    /// This peer wants the file. Where the queue is full it is not announced; the tracker names it sooner or later.
    pub(crate) fn visited_by(&self, peer_id: PeerId) {
        if let Some(visitors) = self.visitors.lock().as_ref() {
            let _ = visitors.try_send(peer_id);
        }
    }

    /// How the file is cut into chunks of this size, if chunks of that size can be served from here.
    pub(crate) fn layout_for(&self, chunk_size: ChunkSize) -> Option<Layout> {
        let state = self.state.lock();
        if chunk_size == state.layout.chunk_size() {
            return Some(state.layout);
        }
        let whole = matches!(state.source, Source::Whole { .. } | Source::Bundle(_));
        whole.then(|| Layout::new(state.layout.len(), chunk_size).ok()).flatten()
    }

    /// Reads a slice of one chunk, cut as [`Holding::layout_for`] says, from its byte `at` on; blocks.
    ///
    /// A shared file is opened anew each time, so that one that was replaced is noticed, and looked at after it was read, so that one
    /// that is written right now is. If anything happened to it that left it as long as it was, the whole chunk is hashed with the
    /// bytes about to be sent in it: a file that was merely touched is served on.
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
            // What was read from a file that was touched has to hash to what it should be.
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

    /// Reads a slice of a chunk of a file that was touched, and with it the chunk, block by block.
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
            // What is sent are the very bytes that were hashed.
            let (first, end) = (from.max(at), (from + block.len()).min(at + slice.len()));
            if first < end {
                slice[first - at..end - at].copy_from_slice(&block[first - from..end - from]);
            }
        }
        if tree::root(blocks) == self.hashes.hash(index) { Ok(()) } else { Err(ReadError::Changed(path)) }
    }

    /// Counts a chunk that was sent.
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

    /// Who was sent how much.
    pub(crate) fn uploaded_to(&self) -> Vec<(PeerId, Recipient)> {
        self.uploaded_to.lock().iter().map(|(peer_id, recipient)| (*peer_id, recipient.clone())).collect()
    }
}

/// Everything that this peer has, by file ID. The same file may be here several times: by itself, and as a part of folders. Each
/// of them comes, goes and pauses by itself.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    held: RwLock<Held>,
    /// Transfers of which something changed that a snapshot shows.
    pub(crate) changes: Arc<Changes>,
}

/// Maps of what is held. The order of each is that of the IDs, so that whoever goes through them does the same every time.
#[derive(Debug, Default)]
struct Held {
    /// Files by themselves, and the lists of folders.
    own: BTreeMap<FileId, Arc<Holding>>,
    /// Parts of folders, each by its folder and its own ID.
    parts: BTreeMap<(FileId, FileId), Arc<Holding>>,
    /// The folders that each part is of: keys of `parts`, turned round.
    folders: BTreeSet<(FileId, FileId)>,
}

/// Bounds of the pairs that begin with this ID.
fn beginning_with(id: FileId) -> RangeInclusive<(FileId, FileId)> {
    (id, FileId::new([0; 32]))..=(id, FileId::new([0xff; 32]))
}

impl Held {
    /// All that is had of this file.
    fn all_of(&self, file_id: FileId) -> impl Iterator<Item = &Arc<Holding>> {
        let folders = self.folders.range(beginning_with(file_id));
        let parts = folders.filter_map(move |(_, folder)| self.parts.get(&(*folder, file_id)));
        self.own.get(&file_id).into_iter().chain(parts)
    }

    /// Takes out all parts of this folder.
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
    /// What is had of this file, if it is served: of several the one that has most.
    pub(crate) fn serving(&self, file_id: &FileId) -> Option<Arc<Holding>> {
        let held = self.held.read();
        let serving = held.all_of(*file_id).filter(|holding| holding.is_serving());
        serving.max_by_key(|holding| holding.state.lock().has.count()).cloned()
    }

    /// What is had of this file by itself.
    pub(crate) fn get(&self, file_id: &FileId) -> Option<Arc<Holding>> {
        self.held.read().own.get(file_id).cloned()
    }

    /// What is had of this file as a part of this folder.
    pub(crate) fn part(&self, file_id: &FileId, folder: &Arc<Holding>) -> Option<Arc<Holding>> {
        let held = self.held.read();
        held.parts.get(&(folder.file_id(), *file_id)).filter(|part| part.is_of(folder)).cloned()
    }

    /// Adds a file, in place of what was had of it by itself, or as a part of the same folder.
    pub(crate) fn insert(&self, holding: Arc<Holding>) {
        let (file_id, mut held) = (holding.file_id(), self.held.write());
        if let Some(folder) = holding.folder.as_ref().map(|folder| folder.file_id()) {
            held.folders.insert((file_id, folder));
            held.parts.insert((folder, file_id), holding);
            return;
        }
        // What is sent of it shows in its transfer.
        let _ = holding.changes.set(self.changes.clone());
        held.own.insert(file_id, holding);
        drop(held);
        self.changes.note(file_id);
    }

    /// Forgets a file, and, if it is a folder's list, the parts of the folder: they are no longer served, and whoever wants one is
    /// told.
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

    /// Forgets a part of a folder.
    pub(crate) fn remove_part(&self, file_id: &FileId, folder: &Arc<Holding>) {
        let removed = {
            let mut held = self.held.write();
            let is_there = held.parts.get(&(folder.file_id(), *file_id)).is_some_and(|part| part.is_of(folder));
            is_there.then(|| held.take_part(folder.file_id(), *file_id)).flatten()
        };
        removed.into_iter().for_each(|part| part.serve(false));
    }

    /// Every file that is served and that trackers are told of, in the order of the IDs.
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
