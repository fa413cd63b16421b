//! What this peer has: files that it can serve from, wholly or in part.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use parking_lot::{Mutex, RwLock};
use sprat_chunking::{BLOCK_LEN, Bitfield, ChunkHashes, ChunkIndex, ChunkSize, FileId, Layout, tree};
use sprat_protocol::PeerId;
use sprat_store::disk::stamp::FileStamp;
use sprat_store::part::PartChunks;
use sprat_store::source::{ReadError, Source};
use tokio::sync::{Notify, mpsc};

use crate::connection::{Connection, Said};
use crate::handed_out::HandedOut;

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
    visitors: Mutex<Option<mpsc::Sender<Arc<Connection>>>>,
}

/// A peer that was sent chunks.
#[derive(Clone, Debug)]
pub(crate) struct Recipient {
    /// Where it was last.
    pub(crate) addr: SocketAddr,
    /// What it says of itself.
    pub(crate) said: Said,
    /// Bytes sent to it.
    pub(crate) bytes: u64,
    /// Weak, since a connection keeps the files that its peer wants.
    connection: Weak<Connection>,
}

impl Recipient {
    /// Whether it is still connected.
    pub(crate) fn is_connected(&self) -> bool {
        self.connection.upgrade().is_some_and(|connection| !connection.is_closed())
    }
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
    pub(crate) fn is_elsewhere(&self, now: Instant, index: ChunkIndex, asker: &Connection) -> bool {
        self.handed_out.lock().is_spreading(now, index) && self.serves_others_than(asker)
    }

    fn serves_others_than(&self, asker: &Connection) -> bool {
        let uploaded_to = self.uploaded_to.lock();
        uploaded_to.iter().any(|(other, recipient)| *other != asker.peer_id && recipient.is_connected())
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

    /// Whether it is a part of this folder, or of none.
    fn is_of(&self, folder: Option<&Arc<Self>>) -> bool {
        match (&self.folder, folder) {
            (Some(mine), Some(folder)) => Arc::ptr_eq(mine, folder),
            (mine, folder) => mine.is_none() && folder.is_none(),
        }
    }

    /// What is to be told to trackers: everything but the parts of folders.
    pub(crate) fn is_announced(&self) -> bool {
        self.folder.is_none()
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
    pub(crate) fn announce_visitors(&self, visitors: mpsc::Sender<Arc<Connection>>) {
        *self.visitors.lock() = Some(visitors);
    }

    /// This peer wants the file. Where the queue is full it is not announced; the tracker names it sooner or later.
    pub(crate) fn visited_by(&self, connection: &Arc<Connection>) {
        if let Some(visitors) = self.visitors.lock().as_ref() {
            let _ = visitors.try_send(connection.clone());
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
            blocks.push(tree::leaf_hash(block));
            // What is sent are the very bytes that were hashed.
            let (first, end) = (from.max(at), (from + block.len()).min(at + slice.len()));
            if first < end {
                slice[first - at..end - at].copy_from_slice(&block[first - from..end - from]);
            }
        }
        if tree::root(blocks) == self.hashes.hash(index) { Ok(()) } else { Err(ReadError::Changed(path)) }
    }

    /// Counts a chunk that was sent.
    pub(crate) fn sent(&self, to: &Arc<Connection>, bytes: u64) {
        if let Some(folder) = &self.folder {
            folder.sent(to, bytes);
        }
        self.uploaded.fetch_add(bytes, Ordering::Relaxed);
        let mut uploaded_to = self.uploaded_to.lock();
        if uploaded_to.len() >= MAX_UPLOADED_TO && !uploaded_to.contains_key(&to.peer_id) {
            uploaded_to.retain(|_, recipient| recipient.is_connected());
        }
        let before = uploaded_to.get(&to.peer_id).map_or(0, |recipient| recipient.bytes);
        let (addr, said, connection) = (to.addr, to.said.clone(), Arc::downgrade(to));
        uploaded_to.insert(to.peer_id, Recipient { addr, said, connection, bytes: before + bytes });
    }

    /// Who was sent how much.
    pub(crate) fn uploaded_to(&self) -> Vec<(PeerId, Recipient)> {
        self.uploaded_to.lock().iter().map(|(peer_id, recipient)| (*peer_id, recipient.clone())).collect()
    }
}

/// Everything that this peer has, by file ID. The same file may be here several times: by itself, and as a part of folders. Each
/// of them comes, goes and pauses by itself.
#[derive(Debug, Default)]
pub(crate) struct Holdings(RwLock<BTreeMap<FileId, Vec<Arc<Holding>>>>);

impl Holdings {
    /// What is had of this file, if it is served: of several the one that has most.
    pub(crate) fn serving(&self, file_id: &FileId) -> Option<Arc<Holding>> {
        let holdings = self.0.read();
        let serving = holdings.get(file_id)?.iter().filter(|holding| holding.is_serving());
        serving.max_by_key(|holding| holding.state.lock().has.count()).cloned()
    }

    /// What is had of this file by itself.
    pub(crate) fn get(&self, file_id: &FileId) -> Option<Arc<Holding>> {
        self.find(file_id, None)
    }

    /// What is had of this file as a part of this folder.
    pub(crate) fn part(&self, file_id: &FileId, folder: &Arc<Holding>) -> Option<Arc<Holding>> {
        self.find(file_id, Some(folder))
    }

    fn find(&self, file_id: &FileId, folder: Option<&Arc<Holding>>) -> Option<Arc<Holding>> {
        self.0.read().get(file_id)?.iter().find(|holding| holding.is_of(folder)).cloned()
    }

    /// Adds a file, in place of what was had of it by itself, or as a part of the same folder.
    pub(crate) fn insert(&self, holding: Arc<Holding>) {
        let mut holdings = self.0.write();
        let same = holdings.entry(holding.file_id()).or_default();
        same.retain(|before| !before.is_of(holding.folder.as_ref()));
        same.push(holding);
    }

    /// Forgets a file, and, if it is a folder's list, the parts of the folder: they are no longer served, and whoever wants one is
    /// told.
    pub(crate) fn remove(&self, file_id: &FileId) {
        let Some(list) = self.remove_one(file_id, None) else { return };
        let mut parts = Vec::new();
        self.0.write().retain(|_, same| {
            parts.extend(same.extract_if(.., |holding| holding.is_of(Some(&list))));
            !same.is_empty()
        });
        parts.into_iter().for_each(|part| part.serve(false));
    }

    /// Forgets a part of a folder.
    pub(crate) fn remove_part(&self, file_id: &FileId, folder: &Arc<Holding>) {
        self.remove_one(file_id, Some(folder));
    }

    fn remove_one(&self, file_id: &FileId, folder: Option<&Arc<Holding>>) -> Option<Arc<Holding>> {
        let removed = {
            let mut holdings = self.0.write();
            let same = holdings.get_mut(file_id)?;
            let place = same.iter().position(|holding| holding.is_of(folder))?;
            let removed = same.swap_remove(place);
            if same.is_empty() {
                holdings.remove(file_id);
            }
            removed
        };
        removed.serve(false);
        Some(removed)
    }

    /// Every file that is served and that trackers are told of.
    pub(crate) fn all_announced(&self) -> Vec<Arc<Holding>> {
        let told = |holding: &&Arc<Holding>| holding.is_serving() && holding.is_announced();
        self.0.read().values().flatten().filter(told).cloned().collect()
    }
}
