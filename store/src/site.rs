//! Where a folder is built: `<name>.part` with `files`, which gets its name when everything is there, `parts`, where what is being
//! fetched lies, and `progress`. Everything here blocks.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_api::Trouble;
use sprat_chunking::{ChunkSize, FileDigest, FileId, Layout, split};
use sprat_protocol::Collection;
use sprat_protocol::collection::Part;

use crate::disk::destination::{Destination, MAX_NUMBER, part_name};
use crate::disk::job::Job;
use crate::disk::open_dir::OpenDir;
use crate::disk::stamp::FileStamp;
use crate::disk::sync::sync_dir;
use crate::disk::trouble::trouble;
use crate::folder::Folder;
use crate::folder::digest::{FolderDigest, digest_folder, id_of_small};
use crate::folder::list::List;
use crate::folder::place::places;
use crate::part::PartFile;
use crate::part::relocate::{move_one, relocate_as};
use crate::site::progress::Progress;
use crate::source::PlacedFile;

pub mod progress;

/// The folders in it.
const FILES: &str = "files";
const PARTS: &str = "parts";
/// From how many files on the whole file system is synced: it takes what others wrote as well.
#[cfg(target_os = "linux")]
const SYNC_TOGETHER: usize = 64;
/// How many bytes are in their places before they are made durable.
const SYNC_EVERY: u64 = 64 * 1024 * 1024;

/// A folder under construction, locked against other processes.
#[derive(Debug)]
pub struct Site {
    destination: Destination,
    /// The name among the numbered ones that it gets, and the path of that.
    name: String,
    path: PathBuf,
    /// Where it is built.
    work: OpenDir,
    progress: Progress,
    /// What is there so far; its root is `files`.
    folder: Folder,
    /// That folder.
    files: OpenDir,
    /// Where parts are fetched to.
    parts_dir: Arc<OpenDir>,
    /// Where each file goes below that.
    places: Vec<PathBuf>,
    /// The folder below it that something was put in last: its neighbours come next.
    latest: Option<(PathBuf, OpenDir)>,
    /// The parts of each ID: the same content may be in several places.
    parts: HashMap<FileId, Vec<Part>>,
    /// Parts that are in their places, but not durable yet.
    unsynced: Vec<FileId>,
    /// Their bytes.
    unsynced_bytes: u64,
}

/// What is known of an earlier fetch towards the same folder.
#[derive(Clone, Copy, Debug, Default)]
pub struct Before {
    /// Whether something was fetched. Where it is not found, its volume is away, and nothing is begun anew.
    pub begun: bool,
    /// Whether all that is there is hashed again, whatever is on record.
    pub distrust: bool,
}

/// What opening finds.
#[derive(Debug)]
pub enum OpenedSite {
    /// The very folder is there already.
    Complete {
        /// What is there.
        folder: Folder,
        /// The chunk hashes of its parts.
        digests: Vec<FileDigest>,
    },
    /// One under construction, new or from before.
    Site(Box<Site>),
}

impl Site {
    /// Opens the site of this folder where it was ordered to, or, unless something was fetched before, begins one beside whatever is
    /// there. After `job` was stopped nothing more is hashed, and what was not is not believed to be there.
    ///
    /// # Errors
    /// [`Trouble`] on this machine.
    pub fn open(id: FileId, dir: &Path, before: Before, list: List, job: &Job) -> Result<OpenedSite, Trouble> {
        let Before { begun, distrust } = before;
        let List { collection, bytes, name } = list;
        let destination = Destination::at(dir, name, begun)?;
        let dir = destination.dir.clone();
        // The list was fetched towards the same name, or a number of it.
        let had_list = PartFile::discard_numbered(&destination, id);
        for number in 1..=MAX_NUMBER {
            let name = destination.numbered(number);
            let (path, work_name) = (destination.path_of(&name), part_name(&name));
            let failed = |error: io::Error| trouble(&destination.path_of(&work_name), collection.size(), &error);
            let work = dir.dir(&work_name);
            let complete = || {
                job.expect(collection.size());
                match digest_folder(&path, |done| job.at(done)) {
                    Ok(FolderDigest { folder, bytes: there, digests }) if there == bytes => {
                        Some(OpenedSite::Complete { folder, digests })
                    }
                    _ => None,
                }
            };
            // Where it is not known whether the folder is there, nothing is begun beside it.
            let stopped = || match job.is_stopped() {
                true => Err(failed(io::ErrorKind::Interrupted.into())),
                false => Ok(()),
            };
            let owned = work.ok().and_then(|work| Some((Progress::owner(&work)?, work)));
            let work = match owned {
                Some((owner, _)) if owner != id => continue,
                // A crash right after the folder got its name.
                Some((_, work))
                    if !work.is_taken(FILES)
                        && dir.is_taken(&name)
                        && let Some(complete) = complete() =>
                {
                    Self::discard(&path, id);
                    return Ok(complete);
                }
                Some((_, work)) => {
                    stopped()?;
                    work
                }
                None if dir.is_taken(&name) => match complete() {
                    Some(complete) => return Ok(complete),
                    None => {
                        stopped()?;
                        continue;
                    }
                },
                None if dir.is_taken(&work_name) => continue,
                None if begun && !had_list => {
                    return Err(failed(io::Error::other("what was fetched so far is not there")));
                }
                None => dir.new_dir(&work_name).map_err(failed)?,
            };
            let progress = Progress::open(&work, id).map_err(failed)?;
            if !progress.lock().map_err(failed)? {
                continue;
            }
            let mut site = Self::begin(destination, name, work, progress, collection)?;
            site.look(distrust, job)?;
            return Ok(OpenedSite::Site(Box::new(site)));
        }
        let full = io::Error::other("too many folders of that name are there");
        Err(trouble(&destination.path_of(destination.name.as_str()), 0, &full))
    }

    fn begin(
        destination: Destination,
        name: String,
        work: OpenDir,
        progress: Progress,
        collection: Collection,
    ) -> Result<Self, Trouble> {
        let path = destination.path_of(&name);
        let inside = |name: &str| work.dir_below(name.as_ref()).map_err(|error| trouble(work.path(), 0, &error));
        let (inside, parts_dir) = (inside(FILES)?, inside(PARTS)?);
        let files = vec![None; collection.files.len()];
        let (root, parts) = (inside.path().to_owned(), collection.parts());
        let folder = Folder { root, parts, collection: Arc::new(collection), files };
        let (places, empty) = places(&folder.collection);
        let mut parts: HashMap<FileId, Vec<Part>> = HashMap::new();
        for part in &folder.parts {
            parts.entry(folder.id_of(part)).or_default().push(part.clone());
        }
        let mut site = Self {
            destination,
            name,
            path,
            work,
            progress,
            folder,
            files: inside,
            parts_dir: Arc::new(parts_dir),
            places,
            latest: None,
            parts,
            unsynced: Vec::new(),
            unsynced_bytes: 0,
        };
        for below in empty {
            site.dir_of(&below)?;
        }
        for place in 0..site.places.len() {
            if site.folder.collection.files[place].size == 0 {
                site.write(place, &[])?;
            }
        }
        Ok(site)
    }

    /// Finds the parts that are there from before: those on record, if that is to be trusted, and those that hash to what they
    /// should be.
    fn look(&mut self, distrust: bool, job: &Job) -> Result<(), Trouble> {
        let ids: Vec<FileId> = self.parts.keys().copied().collect();
        let (mut unsure, mut bytes) = (Vec::new(), 0);
        for id in ids {
            let files = self.files_of(id);
            let stamps: Option<Vec<FileStamp>> = files.iter().map(|place| self.stamp(*place)).collect();
            let Some(stamps) = stamps else { continue };
            let is_noted = self.progress.done(id) == Some(&stamps);
            if is_noted && !distrust {
                self.keep(&files, &stamps);
            } else {
                bytes += stamps.iter().map(|stamp| stamp.len).sum::<u64>();
                unsure.push((id, files));
            }
        }
        job.expect(bytes);
        for (id, files) in unsure {
            if files.iter().all(|place| self.is_right(*place, job)) {
                self.there(id, &files)?;
            }
        }
        self.sync()
    }

    /// Where the folder is expected to be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is there so far.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The part that this ID is of; the first, if there are several.
    pub fn part(&self, id: FileId) -> Option<&Part> {
        self.parts.get(&id)?.first()
    }

    /// Where parts are fetched to.
    pub fn parts_dir(&self) -> &Arc<OpenDir> {
        &self.parts_dir
    }

    /// What is still to be fetched, each once, in the order of the list: its ID and its length in bytes.
    pub fn missing(&self) -> Vec<(FileId, u64)> {
        let mut seen = HashSet::new();
        let ids = self.folder.parts.iter().map(|part| (self.folder.id_of(part), self.folder.len_of(part)));
        ids.filter(|(id, _)| seen.insert(*id) && !self.has(*id)).collect()
    }

    /// Each part's length in bytes, each once.
    pub fn lens(&self) -> impl Iterator<Item = (FileId, u64)> + '_ {
        self.parts.iter().map(|(id, parts)| (*id, self.folder.len_of(&parts[0])))
    }

    /// Whether this part is there.
    pub fn has(&self, id: FileId) -> bool {
        self.files_of(id).iter().all(|place| self.folder.files[*place].is_some())
    }

    /// Puts what was fetched, which has this name among the parts, where it belongs. Now and then that is made durable and noted.
    ///
    /// # Errors
    /// [`Trouble`] on this machine, or with a list that calls other bytes by this ID.
    pub fn place(&mut self, id: FileId, fetched: &str) -> Result<(), Trouble> {
        let parts = self.parts.get(&id).cloned().unwrap_or_default();
        let files = self.files_of(id);
        // What the list says wrongly is found out before anything is done with what came: it is not to be fetched again.
        let failed = |error: io::Error| trouble(&self.parts_dir.path().join(fetched), 0, &error);
        let file = self.parts_dir.open(fetched).map_err(failed)?;
        let len = file.metadata().map_err(failed)?.len();
        let is_bundle = |part: &Part| matches!(part, Part::Bundle { .. });
        let agree = parts.windows(2).all(|pair| is_bundle(&pair[0]) == is_bundle(&pair[1]));
        if !agree || parts.iter().any(|part| self.folder.len_of(part) != len) {
            return Err(self.wrong_list(files[0]));
        }
        match &parts[..] {
            [Part::Bundle { .. }, ..] => self.unbundle(&parts, file)?,
            _ => self.place_file(&files, fetched, file)?,
        }
        // After a bundle was taken apart it is of no more use: what is not durable yet is hashed again after a crash.
        let _ = self.parts_dir.remove_file(fetched);
        self.there(id, &files)
    }

    fn place_file(&mut self, places: &[usize], fetched: &str, mut file: File) -> Result<(), Trouble> {
        let [first, others @ ..] = places else { return Ok(()) };
        let parts = self.parts_dir.clone();
        self.put(*first, |dir, name| parts.rename(fetched, dir, name))?;
        for other in others {
            self.put(*other, |dir, name| {
                file.rewind()?;
                dir.copy(name, &mut file)
            })?;
        }
        Ok(())
    }

    fn unbundle(&mut self, parts: &[Part], mut file: File) -> Result<(), Trouble> {
        for part in parts {
            let Part::Bundle { files, .. } = part else { continue };
            file.rewind().map_err(|error| trouble(self.parts_dir.path(), 0, &error))?;
            let mut bundle = io::BufReader::with_capacity(1 << 18, &file);
            let mut bytes = Vec::new();
            for place in files {
                let listed = &self.folder.collection.files[*place];
                bytes.resize(listed.size as usize, 0);
                let read = bundle.read_exact(&mut bytes);
                if read.is_err() || id_of_small(&bytes) != listed.file_id {
                    return Err(self.wrong_list(*place));
                }
                self.write(*place, &bytes)?;
            }
        }
        Ok(())
    }

    fn wrong_list(&self, place: usize) -> Trouble {
        let reason = "the folder's list calls other content by this ID; whoever shared it has to share it again";
        Trouble::Io { path: self.places[place].clone(), reason: reason.to_owned() }
    }

    fn write(&mut self, place: usize, bytes: &[u8]) -> Result<(), Trouble> {
        let stamp = self.put(place, |dir, name| dir.write(name, bytes))?;
        if bytes.is_empty() {
            self.keep(&[place], &[stamp]);
        }
        Ok(())
    }

    /// Puts something in the place of a file.
    fn put<T>(&mut self, place: usize, how: impl FnOnce(&OpenDir, &OsStr) -> io::Result<T>) -> Result<T, Trouble> {
        let below = self.places[place].clone();
        let dir = self.dir_of(below.parent().unwrap_or(Path::new("")))?;
        how(dir, below.file_name().unwrap_or_default())
            .map_err(|error| trouble(&self.folder.root.join(below), 0, &error))
    }

    /// The folder at this path below `files`; made if it is not there.
    fn dir_of(&mut self, below: &Path) -> Result<&OpenDir, Trouble> {
        let latest = match self.latest.take() {
            Some((latest, dir)) if latest == below => (latest, dir),
            _ => {
                let dir = self.files.dir_below(below);
                (below.to_owned(), dir.map_err(|error| trouble(&self.folder.root.join(below), 0, &error))?)
            }
        };
        Ok(&self.latest.insert(latest).1)
    }

    /// Opens a file in its place.
    fn open_at(&self, place: usize, how: impl FnOnce(&OpenDir, &OsStr) -> io::Result<File>) -> io::Result<File> {
        let below = &self.places[place];
        let parent = below.parent().unwrap_or(Path::new(""));
        let name = below.file_name().unwrap_or_default();
        match &self.latest {
            Some((latest, dir)) if latest == parent => how(dir, name),
            _ => how(&self.files.dir_at(parent)?, name),
        }
    }

    /// The files of this part are in their places.
    fn there(&mut self, id: FileId, files: &[usize]) -> Result<(), Trouble> {
        let stamps: Option<Vec<FileStamp>> = files.iter().map(|place| self.stamp(*place)).collect();
        let stamps = stamps.ok_or_else(|| trouble(&self.path, 0, &io::ErrorKind::NotFound.into()))?;
        self.keep(files, &stamps);
        self.unsynced.push(id);
        self.unsynced_bytes += stamps.iter().map(|stamp| stamp.len).sum::<u64>();
        if self.unsynced_bytes >= SYNC_EVERY { self.sync() } else { Ok(()) }
    }

    /// Makes durable what is in its place, then notes it.
    fn sync(&mut self) -> Result<(), Trouble> {
        let ids = std::mem::take(&mut self.unsynced);
        self.unsynced_bytes = 0;
        let places: Vec<usize> = ids.iter().flat_map(|id| self.files_of(*id)).collect();
        let failed = |error: io::Error| trouble(&self.path, 0, &error);
        self.sync_files(&places).map_err(failed)?;
        for id in ids {
            let files = self.files_of(id).into_iter().filter_map(|place| self.folder.files[place].as_ref());
            let stamps: Vec<FileStamp> = files.map(|file| file.stamp).collect();
            self.progress.note(id, &stamps).map_err(failed)?;
        }
        self.progress.sync().map_err(failed)
    }

    /// Makes these files durable. Linux can sync a whole file system at once, which for thousands of small files takes a fraction of
    /// the time that one after another takes.
    fn sync_files(&self, places: &[usize]) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if places.len() >= SYNC_TOGETHER {
            return Ok(rustix::fs::syncfs(self.open_at(places[0], |dir, name| dir.open(name))?)?);
        }
        let mut dirs = BTreeSet::new();
        for place in places {
            // Windows syncs what is open for writing only.
            self.open_at(*place, |dir, name| dir.open_to_write(name))?.sync_all()?;
            // Folders may be new, up to the root.
            dirs.extend(self.places[*place].ancestors().skip(1));
        }
        dirs.into_iter().for_each(|below| sync_dir(&self.folder.root.join(below)));
        Ok(())
    }

    fn keep(&mut self, files: &[usize], stamps: &[FileStamp]) {
        for (place, stamp) in files.iter().zip(stamps) {
            self.folder.files[*place] = Some(self.placed(*place, *stamp));
        }
    }

    fn placed(&self, place: usize, stamp: FileStamp) -> PlacedFile {
        PlacedFile { path: self.places[place].clone(), stamp }
    }

    /// Everything is there: gives the folder its name.
    ///
    /// # Errors
    /// [`Trouble`]; everything stays where it was.
    pub fn finish(mut self) -> Result<Folder, Trouble> {
        self.sync()?;
        // Windows moves no folder in which another one is open.
        drop((self.files, self.latest));
        let Self { destination, name, path, work, mut folder, .. } = self;
        let failed = |error: io::Error| trouble(&path, 0, &error);
        let dir = &destination.dir;
        let mut names = std::iter::once(name.clone()).chain((1..=MAX_NUMBER).map(|n| destination.numbered(n)));
        let free = names.find(|name| !dir.is_taken(name)).ok_or_else(|| failed(io::ErrorKind::AlreadyExists.into()))?;
        work.rename(FILES, dir, &free).map_err(failed)?;
        sync_dir(dir.path());
        if let Err(error) = dir.remove_dir_all(part_name(&name)) {
            tracing::warn!(path = %path.display(), %error, "can't delete what is no longer needed");
        }
        folder.root = destination.path_of(&free);
        Ok(folder)
    }

    /// Deletes what was fetched towards this path, if it was of this folder.
    pub fn discard(path: &Path, id: FileId) {
        if Self::is_begun(path, id)
            && let Err(error) = OpenDir::of(path).and_then(|(dir, name)| dir.remove_dir_all(work_name(name)))
        {
            tracing::warn!(path = %path.display(), %error, "can't delete an unfinished folder");
        }
    }

    /// Moves the unfinished folder towards `path` into `dir`. Returns where the folder is expected now.
    pub fn relocate(path: &Path, dir: &Path, job: &Job) -> io::Result<PathBuf> {
        relocate_as(path, dir, |from, to| move_one(&from.as_part(), &to.as_part(), job))
    }

    /// Whether there is an unfinished folder of this ID towards this path.
    pub fn is_begun(path: &Path, id: FileId) -> bool {
        let work = OpenDir::of(path).and_then(|(dir, name)| dir.dir(work_name(name)));
        work.is_ok_and(|work| Progress::owner(&work) == Some(id))
    }

    /// The places in the list of the files of this part.
    pub fn files_of(&self, id: FileId) -> Vec<usize> {
        self.parts.get(&id).into_iter().flatten().flat_map(Part::files).copied().collect()
    }

    /// The stamp of a file that is there in its full length.
    fn stamp(&self, place: usize) -> Option<FileStamp> {
        let stamp = FileStamp::of(&self.open_at(place, |dir, name| dir.open(name)).ok()?.metadata().ok()?);
        (stamp.len == self.folder.collection.files[place].size).then_some(stamp)
    }

    /// Whether a file is there, to the last byte.
    fn is_right(&self, place: usize, job: &Job) -> bool {
        let listed = &self.folder.collection.files[place];
        let layout = Layout::new(listed.size, ChunkSize::for_len(listed.size)).ok();
        let file = self.open_at(place, |dir, name| dir.open(name)).ok();
        let digest = file.zip(layout).map(|(file, layout)| split(&file, layout, |_, _| job.go_on()));
        let is_right = digest.is_some_and(|digest| digest.is_ok_and(|digest| digest.file_id() == listed.file_id));
        job.advance(listed.size).is_continue() && is_right
    }
}

/// What the folder is called in which one of this name is built.
fn work_name(name: &OsStr) -> String {
    part_name(&name.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::ops::ControlFlow;

    use sprat_protocol::collection::{Bundle, SMALL};
    use sprat_protocol::{CollectionFile, FileName};

    use super::*;
    use crate::identify::id_of;

    const LARGE: usize = SMALL as usize + 1;

    fn file(name: &str, size: usize, bytes: &[u8]) -> CollectionFile {
        CollectionFile { path: vec![name.to_owned()], size: size as u64, file_id: id(bytes) }
    }

    fn id(bytes: &[u8]) -> FileId {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, bytes).unwrap();
        id_of(&path, |_| ControlFlow::Continue(())).unwrap()
    }

    fn open(dir: &Path, collection: &Collection) -> OpenedSite {
        let file_id = FileId::new([9; 32]);
        let bytes = collection.clone().to_bytes().unwrap();
        let list = List { collection: collection.clone(), bytes, name: FileName::clean("folder") };
        Site::open(file_id, dir, Before::default(), list, &Job::default()).unwrap()
    }

    fn site(dir: &Path, collection: &Collection) -> Box<Site> {
        match open(dir, collection) {
            OpenedSite::Site(site) => site,
            OpenedSite::Complete { .. } => panic!("it is not there yet"),
        }
    }

    #[test]
    fn what_a_list_says_wrongly_of_a_part_costs_its_bytes_only_once() {
        let bytes = vec![1; LARGE];
        let lies = [
            Collection { files: vec![file("a", LARGE + 1, &bytes)], ..Collection::default() },
            // The same ID as a file and as a bundle of one that is shorter.
            Collection {
                files: vec![file("a", LARGE, &bytes), file("b", 5, b"small")],
                bundles: vec![Bundle { file_id: id(&bytes), files: 1 }],
                folders: Vec::new(),
            },
        ];
        for collection in lies {
            let dir = tempfile::tempdir().unwrap();
            let mut site = site(dir.path(), &collection);
            let fetched = site.parts_dir().path().join("fetched");
            fs::write(&fetched, &bytes).unwrap();
            assert!(site.place(id(&bytes), "fetched").is_err());
            assert!(fs::read(&fetched).unwrap() == bytes, "it is not fetched again");
        }
    }

    #[test]
    fn what_is_not_to_be_looked_at_any_more_is_not_hashed() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = vec![1; LARGE];
        let collection = Collection { files: vec![file("a", LARGE, &bytes)], ..Collection::default() };
        let mut site = site(dir.path(), &collection);
        fs::write(site.folder.root.join("a"), &bytes).unwrap();
        let stopped = Job::default();
        stopped.stop();
        site.look(true, &stopped).unwrap();
        assert!(!site.has(id(&bytes)));
        site.look(true, &Job::default()).unwrap();
        assert!(site.has(id(&bytes)));
    }

    #[test]
    fn a_crash_after_the_folder_got_its_name_does_not_fetch_it_again() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = vec![1; LARGE];
        let collection = Collection { files: vec![file("a", LARGE, &bytes)], ..Collection::default() };
        let mut site = site(dir.path(), &collection);
        fs::write(site.parts_dir().path().join("fetched"), &bytes).unwrap();
        site.place(id(&bytes), "fetched").unwrap();
        let work = site.work.path().to_owned();
        let record = fs::read(work.join("progress")).unwrap();
        site.finish().unwrap();
        fs::create_dir_all(work.join("parts")).unwrap();
        fs::write(work.join("progress"), record).unwrap();
        assert!(matches!(open(dir.path(), &collection), OpenedSite::Complete { .. }));
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "nothing is left beside it");
    }
}
