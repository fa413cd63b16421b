//! Peers, addresses and files that the operator does not want: those of the lists in files, and those that were blocked
//! while the tracker ran, which are kept in the data folder.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use sprat_chunking::FileId;
use sprat_protocol::PeerId;

use super::block_list;
use super::entries::Entries;
pub use super::entries::{Added, Kind, MAX_REASON_LEN, Note, Reason, Target};
use super::error::AccessFilesError;
use super::state_file::{FileError, StateFile};
use crate::config::AccessConfig;
use crate::model::moment::Now;

/// The operator does not want this one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is blocked on this tracker{reason}")]
pub struct Blocked {
    what: &'static str,
    reason: Reason,
}

/// Upper bound of the entries of each kind that are added while the tracker runs; more belong into a file.
pub const MAX_ENTRIES: usize = 10_000;

/// Peers and files that are blocked now and were not before: they are to be forgotten where they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewlyBlocked {
    /// Peers.
    pub peers: Vec<PeerId>,
    /// Files.
    pub files: Vec<FileId>,
}

/// Reason why something is not blocked, or stays so.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// Data folder that is missing: entries have no place to be kept.
    #[error("what is blocked is kept in the data folder, and there is none; set data_dir, or use a list in a file")]
    NoFolder,
    /// Entries of a kind are as many as may be.
    #[error("{MAX_ENTRIES} {0} are blocked already; put them into a file that the configuration names")]
    TooMany(Kind),
    /// The file in the data folder cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Peers, addresses and files that are blocked.
#[derive(Debug)]
pub struct Blocks {
    /// File of what was added; none without a data folder, and then there are only lists in files.
    file: Option<StateFile<Added>>,
    /// Entries that stand in files.
    listed: ArcSwap<Entries>,
    /// Entries that were added to those in files.
    added: ArcSwap<Entries>,
    /// Held by whoever changes either, so that no change is overtaken by an older one.
    changing: Mutex<()>,
}

impl Blocks {
    /// Opens what the lists say, and what is kept in this folder.
    ///
    /// # Errors
    /// [`AccessFilesError`] names the file that is in the way.
    pub fn open(config: &AccessConfig, folder: Option<&Path>) -> Result<Self, AccessFilesError> {
        let file = folder.map(|folder| StateFile::new(folder, "blocks.json"));
        let blocks = Self { file, listed: ArcSwap::default(), added: ArcSwap::default(), changing: Mutex::default() };
        blocks.reload(config)?;
        Ok(blocks)
    }

    /// Checks that this peer may be here.
    ///
    /// # Errors
    /// [`Blocked`] says why not.
    pub fn peer(&self, peer_id: PeerId) -> Result<(), Blocked> {
        self.check("this peer", |entries| entries.peers.get(&peer_id))
    }

    /// Checks that this address may be heard.
    ///
    /// # Errors
    /// [`Blocked`] says why not.
    pub fn address(&self, address: IpAddr) -> Result<(), Blocked> {
        self.check("your address", |entries| entries.addresses.of(address))
    }

    /// Checks that this file may be here.
    ///
    /// # Errors
    /// [`Blocked`] says why not.
    pub fn file(&self, file_id: FileId) -> Result<(), Blocked> {
        self.check("this file", |entries| entries.files.get(&file_id))
    }

    /// Blocks something from now on.
    ///
    /// # Errors
    /// [`BlockError`] says what is in the way.
    pub fn add(&self, target: Target, reason: &Reason, now: Now) -> Result<(), BlockError> {
        self.change(|added| {
            if added.len(target.kind()) >= MAX_ENTRIES {
                return Err(BlockError::TooMany(target.kind()));
            }
            added.insert(target, reason, now.unix_seconds);
            Ok(())
        })
    }

    /// Blocks something no longer. Returns whether it was: what stands in a file is blocked as long as it stands there.
    ///
    /// # Errors
    /// [`BlockError`] says what is in the way.
    pub fn remove(&self, target: Target) -> Result<bool, BlockError> {
        self.change(|added| Ok(added.remove(target)))
    }

    /// Reads what was blocked while the tracker ran.
    ///
    /// # Errors
    /// [`FileError`] if that cannot be read.
    pub fn added(&self) -> Result<Added, FileError> {
        Ok(self.file.as_ref().map(StateFile::read).transpose()?.unwrap_or_default().0)
    }

    /// Reads all files again, those that this configuration names. Returns what is blocked that was not before.
    ///
    /// # Errors
    /// [`AccessFilesError`] names the file that is in the way. Then everything stays as it was.
    pub fn reload(&self, config: &AccessConfig) -> Result<NewlyBlocked, AccessFilesError> {
        let _changing = self.changing.lock();
        let mut listed = Entries::default();
        for (path, kind) in [
            (&config.blocked_peers, Kind::Peers),
            (&config.blocked_addresses, Kind::Addresses),
            (&config.blocked_files, Kind::Files),
        ] {
            path.as_ref().map(|path| block_list::read(path, kind, &mut listed)).transpose()?;
        }
        let added = self.added()?.into();
        let before = self.listed.swap(Arc::new(listed));
        self.added.store(Arc::new(added));
        Ok(news(&self.listed.load(), &before))
    }

    /// Counts the peers, networks and files that stand in files.
    pub fn listed(&self) -> (usize, usize, usize) {
        let listed = self.listed.load();
        (listed.peers.len(), listed.addresses.len(), listed.files.len())
    }

    fn check(&self, what: &'static str, find: impl Fn(&Entries) -> Option<&Reason>) -> Result<(), Blocked> {
        let (listed, added) = (self.listed.load(), self.added.load());
        let reason = find(&added).or_else(|| find(&listed));
        reason.map_or(Ok(()), |reason| Err(Blocked { what, reason: reason.clone() }))
    }

    fn change<R>(&self, change: impl FnOnce(&mut Added) -> Result<R, BlockError>) -> Result<R, BlockError> {
        let file = self.file.as_ref().ok_or(BlockError::NoFolder)?;
        let _changing = self.changing.lock();
        let (result, after) = file.update(|added| {
            let result = change(added)?;
            Ok::<_, BlockError>((result, Entries::from(added.clone())))
        })?;
        self.added.store(Arc::new(after));
        Ok(result)
    }
}

/// Finds what is blocked `now` and was not `before`.
fn news(now: &Entries, before: &Entries) -> NewlyBlocked {
    let peers = now.peers.keys().filter(|id| !before.peers.contains_key(id)).copied().collect();
    let files = now.files.keys().filter(|id| !before.files.contains_key(id)).copied().collect();
    NewlyBlocked { peers, files }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Instant;

    use super::*;
    use crate::model::network;

    fn peer(number: u8) -> PeerId {
        PeerId::new([number; 32])
    }

    fn file(number: u8) -> FileId {
        format!("{number:064x}").parse().unwrap()
    }

    struct World {
        folder: tempfile::TempDir,
        config: AccessConfig,
        now: Now,
    }

    impl World {
        fn new() -> Self {
            let now = Now { instant: Instant::now(), unix_seconds: 1_790_000_000 };
            Self { folder: tempfile::tempdir().unwrap(), config: AccessConfig::default(), now }
        }

        fn write(&self, name: &str, text: &str) -> Option<PathBuf> {
            let path = self.folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Some(path)
        }

        fn open(&self) -> Blocks {
            Blocks::open(&self.config, Some(self.folder.path())).unwrap()
        }
    }

    fn said(result: Result<(), Blocked>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn lists_block_with_their_reasons() {
        let mut world = World::new();
        let peers = format!("# a comment\n\n{} # spreads \u{202e}malware\n  {}\n", peer(1), peer(2));
        world.config.blocked_peers = world.write("peers", &peers);
        world.config.blocked_addresses = world.write("addresses", "10.0.0.0/8#no\r\n2001:db8::1\n");
        world.config.blocked_files = world.write("files", &file(1).to_string());
        let blocks = world.open();
        assert_eq!(said(blocks.peer(peer(1))), "this peer is blocked on this tracker: spreads malware");
        assert_eq!(said(blocks.peer(peer(2))), "this peer is blocked on this tracker");
        assert_eq!(blocks.peer(peer(3)), Ok(()));
        assert_eq!(said(blocks.address([10, 1, 2, 3].into())), "your address is blocked on this tracker: no");
        assert!(blocks.address("2001:db8::1".parse().unwrap()).is_err());
        assert_eq!(blocks.address([11, 1, 2, 3].into()), Ok(()));
        assert!(blocks.file(file(1)).is_err() && blocks.file(file(2)).is_ok());
    }

    #[test]
    fn what_is_blocked_while_it_runs_is_kept() {
        let world = World::new();
        let blocks = world.open();
        let reason = Reason::new("asked to by a court");
        blocks.add(Target::File(file(1)), &reason, world.now).unwrap();
        blocks.add(Target::Address(network::parse("10.0.0.0/8").unwrap()), &Reason::default(), world.now).unwrap();
        for blocks in [&blocks, &world.open()] {
            assert_eq!(said(blocks.file(file(1))), "this file is blocked on this tracker: asked to by a court");
            assert!(blocks.address([10, 0, 0, 1].into()).is_err());
        }
        assert!(blocks.remove(Target::File(file(1))).unwrap() && !blocks.remove(Target::File(file(1))).unwrap());
        assert!(blocks.file(file(1)).is_ok() && world.open().file(file(1)).is_ok());
        assert_eq!(blocks.added().unwrap().len(Kind::Addresses), 1);
    }

    #[test]
    fn a_list_that_changes_is_read_again_and_one_that_is_damaged_is_not() {
        let mut world = World::new();
        world.config.blocked_peers = world.write("peers", &peer(1).to_string());
        let blocks = world.open();
        world.write("peers", &format!("{}\n{}", peer(1), peer(2)));
        let news = blocks.reload(&world.config).unwrap();
        assert_eq!(news, NewlyBlocked { peers: vec![peer(2)], files: vec![] });
        world.write("peers", &format!("{}\nsomebody", peer(3)));
        let error = blocks.reload(&world.config).unwrap_err().to_string();
        assert!(error.contains("peers:2: \"somebody\""), "{error}");
        assert!(blocks.peer(peer(2)).is_err() && blocks.peer(peer(3)).is_ok());
        world.write("peers", "");
        assert_eq!(blocks.reload(&world.config).unwrap(), NewlyBlocked::default());
        assert_eq!(blocks.peer(peer(2)), Ok(()));
        world.config.blocked_peers = Some(world.folder.path().join("missing"));
        assert!(Blocks::open(&world.config, None).is_err());
    }

    #[test]
    fn without_a_folder_only_lists_block() {
        let world = World::new();
        let blocks = Blocks::open(&world.config, None).unwrap();
        let added = blocks.add(Target::Peer(peer(1)), &Reason::default(), world.now);
        assert!(matches!(added, Err(BlockError::NoFolder)));
        assert_eq!(blocks.added().unwrap(), Added::default());
    }

    #[test]
    fn there_are_no_more_than_so_many() {
        let world = World::new();
        let blocks = world.open();
        let id = |number: usize| format!("{number:064x}").parse().unwrap();
        let fill = |added: &mut Added| {
            (1..MAX_ENTRIES).for_each(|number| added.insert(Target::File(id(number)), &Reason::default(), 0));
            Ok(())
        };
        blocks.change(fill).unwrap();
        blocks.add(Target::File(id(0)), &Reason::default(), world.now).unwrap();
        let more = blocks.add(Target::File(id(MAX_ENTRIES)), &Reason::default(), world.now);
        assert!(matches!(more, Err(BlockError::TooMany(Kind::Files))));
        blocks.add(Target::Peer(peer(1)), &Reason::default(), world.now).unwrap();
    }
}
