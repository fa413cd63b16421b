//! Where a folder is built: `<name>.part` with `files`, which gets its name when everything is there, `parts`, where what is being
//! fetched lies, and `progress`. Everything here blocks.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_chunking::{FileDigest, FileId};
use sprat_protocol::Link;
use sprat_protocol::collection::Part;

use crate::download::{List, Order};
use crate::folder::digest::{FolderDigest, digest_folder, id_of_small};
use crate::folder::place::places;
use crate::folder::progress::Progress;
use crate::folder::{Folder, PlacedFile};
use crate::job::Job;
use crate::share::{FileStamp, id_of};
use crate::snapshot::Trouble;
use crate::store::{self, Destination, MAX_NUMBER, PartFile, is_taken, numbered, sync_dir, trouble};

/// How many bytes are in their places before they are made durable.
const SYNC_EVERY: u64 = 64 * 1024 * 1024;

/// A folder under construction, locked against other processes.
#[derive(Debug)]
pub(crate) struct Site {
    destination: Destination,
    /// The name among the numbered ones that it gets.
    path: PathBuf,
    progress: Progress,
    /// What is there so far; its root is `files`.
    folder: Folder,
    /// Where each file goes below that.
    places: Vec<PathBuf>,
    /// The parts of each ID: the same content may be in several places.
    parts: HashMap<FileId, Vec<Part>>,
    /// Folders that were made.
    made: HashSet<PathBuf>,
    /// Parts that are in their places, but not durable yet.
    unsynced: Vec<FileId>,
    /// Their bytes.
    unsynced_bytes: u64,
}

/// What opening finds.
#[derive(Debug)]
pub(crate) enum OpenedSite {
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
    pub(crate) fn open(order: &Order, list: List, job: &Job) -> Result<OpenedSite, Trouble> {
        let Order { link: Link { file_id: id, .. }, dir, begun, distrust, .. } = order;
        let (id, begun) = (*id, *begun);
        let List { collection, bytes, name } = list;
        let destination = Destination { dir: dir.to_owned(), name };
        if !begun {
            fs::create_dir_all(dir).map_err(|error| trouble(dir, 0, &error))?;
        }
        // The list was fetched towards the same name, or a number of it.
        let had_list = PartFile::discard_numbered(&destination, id);
        for number in 1..=MAX_NUMBER {
            let path = numbered(&destination, number);
            let work = work_dir(&path);
            let failed = |error: io::Error| trouble(&work, collection.size(), &error);
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
            let progress = match Progress::owner(&record(&work)) {
                Some(owner) if owner != id => continue,
                // A crash right after the folder got its name.
                Some(_)
                    if !is_taken(&work.join("files"))
                        && is_taken(&path)
                        && let Some(complete) = complete() =>
                {
                    Self::discard(&path, id);
                    return Ok(complete);
                }
                Some(_) => {
                    stopped()?;
                    Progress::open(&record(&work), id).map_err(failed)?
                }
                None if is_taken(&path) => match complete() {
                    Some(complete) => return Ok(complete),
                    None => {
                        stopped()?;
                        continue;
                    }
                },
                None if is_taken(&work) => continue,
                None if begun && !had_list => {
                    return Err(failed(io::Error::other("what was fetched so far is not there")));
                }
                None => {
                    fs::create_dir(&work).map_err(failed)?;
                    fs::create_dir(work.join("parts")).map_err(failed)?;
                    fs::create_dir(work.join("files")).map_err(failed)?;
                    Progress::open(&record(&work), id).map_err(failed)?
                }
            };
            if !progress.lock().map_err(failed)? {
                continue;
            }
            let files = vec![None; collection.files.len()];
            let folder =
                Folder { root: work.join("files"), parts: collection.parts(), collection: Arc::new(collection), files };
            return Self::begin(destination, path, progress, folder, *distrust, job)
                .map(|site| OpenedSite::Site(Box::new(site)));
        }
        Err(trouble(&numbered(&destination, 1), 0, &io::Error::other("too many folders of that name are there")))
    }

    fn begin(
        destination: Destination,
        path: PathBuf,
        progress: Progress,
        folder: Folder,
        distrust: bool,
        job: &Job,
    ) -> Result<Self, Trouble> {
        let (places, empty) = places(&folder.collection);
        let mut parts: HashMap<FileId, Vec<Part>> = HashMap::new();
        for part in &folder.parts {
            parts.entry(folder.id_of(part)).or_default().push(part.clone());
        }
        let mut site = Self {
            destination,
            path,
            progress,
            folder,
            places,
            parts,
            made: HashSet::new(),
            unsynced: Vec::new(),
            unsynced_bytes: 0,
        };
        for below in empty {
            site.make_dir(&below)?;
        }
        for place in 0..site.places.len() {
            if site.folder.collection.files[place].size == 0 {
                site.write(place, &[])?;
            }
        }
        site.look(distrust, job)?;
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
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is there so far.
    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The part that this ID is of; the first, if there are several.
    pub(crate) fn part(&self, id: FileId) -> Option<&Part> {
        self.parts.get(&id)?.first()
    }

    /// Where parts are fetched to.
    pub(crate) fn parts_dir(&self) -> PathBuf {
        work_dir(&self.path).join("parts")
    }

    /// What is still to be fetched, each once, in the order of the list: its ID and its length in bytes.
    pub(crate) fn missing(&self) -> Vec<(FileId, u64)> {
        let mut seen = HashSet::new();
        let ids = self.folder.parts.iter().map(|part| (self.folder.id_of(part), self.folder.len_of(part)));
        ids.filter(|(id, _)| seen.insert(*id) && !self.has(*id)).collect()
    }

    /// Each part's length in bytes, each once.
    pub(crate) fn lens(&self) -> impl Iterator<Item = (FileId, u64)> + '_ {
        self.parts.iter().map(|(id, parts)| (*id, self.folder.len_of(&parts[0])))
    }

    /// Whether this part is there.
    pub(crate) fn has(&self, id: FileId) -> bool {
        self.files_of(id).iter().all(|place| self.folder.files[*place].is_some())
    }

    /// Puts what was fetched where it belongs. Now and then that is made durable and noted.
    ///
    /// # Errors
    /// [`Trouble`] on this machine, or with a list that calls other bytes by this ID.
    pub(crate) fn place(&mut self, id: FileId, fetched: &Path) -> Result<(), Trouble> {
        let parts = self.parts.get(&id).cloned().unwrap_or_default();
        let files = self.files_of(id);
        // What the list says wrongly is found out before anything is done with what came: it is not to be fetched again.
        let len = fs::metadata(fetched).map_err(|error| trouble(fetched, 0, &error))?.len();
        let is_bundle = |part: &Part| matches!(part, Part::Bundle { .. });
        let agree = parts.windows(2).all(|pair| is_bundle(&pair[0]) == is_bundle(&pair[1]));
        if !agree || parts.iter().any(|part| self.folder.len_of(part) != len) {
            return Err(self.wrong_list(files[0]));
        }
        match &parts[..] {
            [Part::Bundle { .. }, ..] => self.unbundle(&parts, fetched)?,
            _ => self.place_file(&files, fetched)?,
        }
        // After a bundle was taken apart it is of no more use: what is not durable yet is hashed again after a crash.
        let _ = fs::remove_file(fetched);
        self.there(id, &files)
    }

    fn place_file(&mut self, places: &[usize], fetched: &Path) -> Result<(), Trouble> {
        let [first, others @ ..] = places else { return Ok(()) };
        let to = self.destination_of(*first)?;
        fs::rename(fetched, &to).map_err(|error| trouble(&to, 0, &error))?;
        for other in others {
            let copy = self.destination_of(*other)?;
            fs::copy(&to, &copy).map_err(|error| trouble(&copy, 0, &error))?;
        }
        Ok(())
    }

    fn unbundle(&mut self, parts: &[Part], fetched: &Path) -> Result<(), Trouble> {
        for part in parts {
            let Part::Bundle { files, .. } = part else { continue };
            let failed = |error: io::Error| trouble(fetched, 0, &error);
            let mut bundle = io::BufReader::with_capacity(1 << 18, File::open(fetched).map_err(failed)?);
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
        let to = self.destination_of(place)?;
        fs::write(&to, bytes).map_err(|error| trouble(&to, bytes.len() as u64, &error))?;
        if bytes.is_empty() {
            self.folder.files[place] = self.stamp(place).map(|stamp| self.placed(place, stamp));
        }
        Ok(())
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
        let paths: Vec<PathBuf> = places.iter().map(|place| self.folder.root.join(&self.places[*place])).collect();
        let failed = |error: io::Error| trouble(&self.path, 0, &error);
        if !paths.is_empty() {
            store::sync_files(&self.folder.root, &paths).map_err(failed)?;
        }
        for id in ids {
            let files = self.files_of(id).into_iter().filter_map(|place| self.folder.files[place].as_ref());
            let stamps: Vec<FileStamp> = files.map(|file| file.stamp).collect();
            self.progress.note(id, &stamps).map_err(failed)?;
        }
        self.progress.sync().map_err(failed)
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
    pub(crate) fn finish(mut self) -> Result<Folder, Trouble> {
        self.sync()?;
        let failed = |error: io::Error| trouble(&self.path, 0, &error);
        let paths = std::iter::once(self.path.clone()).chain((1..=MAX_NUMBER).map(|n| numbered(&self.destination, n)));
        let path = paths.into_iter().find(|path| !is_taken(path));
        let path = path.ok_or_else(|| failed(io::ErrorKind::AlreadyExists.into()))?;
        fs::rename(&self.folder.root, &path).map_err(failed)?;
        sync_dir(&self.destination.dir);
        if let Err(error) = fs::remove_dir_all(work_dir(&self.path)) {
            tracing::warn!(path = %self.path.display(), %error, "can't delete what is no longer needed");
        }
        self.folder.root = path;
        Ok(self.folder)
    }

    /// Deletes what was fetched towards this path, if it was of this folder.
    pub(crate) fn discard(path: &Path, id: FileId) {
        let work = work_dir(path);
        if Progress::owner(&record(&work)) == Some(id)
            && let Err(error) = fs::remove_dir_all(&work)
        {
            tracing::warn!(path = %work.display(), %error, "can't delete an unfinished folder");
        }
    }

    /// Moves the unfinished folder towards `path` into `dir`. Returns where the folder is expected now.
    pub(crate) fn relocate(path: &Path, dir: &Path, job: &Job) -> io::Result<PathBuf> {
        store::relocate_as(path, dir, |from, to| store::move_one(&work_dir(from), &work_dir(to), job))
    }

    /// Whether there is an unfinished folder of this ID towards this path.
    pub(crate) fn is_begun(path: &Path, id: FileId) -> bool {
        Progress::owner(&record(&work_dir(path))) == Some(id)
    }

    /// The places in the list of the files of this part.
    pub(crate) fn files_of(&self, id: FileId) -> Vec<usize> {
        self.parts.get(&id).into_iter().flatten().flat_map(Part::files).copied().collect()
    }

    /// The path of a file, in a folder that is there.
    fn destination_of(&mut self, place: usize) -> Result<PathBuf, Trouble> {
        let below = self.places[place].clone();
        self.make_dir(below.parent().unwrap_or(Path::new("")))?;
        Ok(self.folder.root.join(below))
    }

    fn make_dir(&mut self, below: &Path) -> Result<(), Trouble> {
        if !self.made.contains(below) {
            let path = self.folder.root.join(below);
            fs::create_dir_all(&path).map_err(|error| trouble(&path, 0, &error))?;
            self.made.insert(below.to_owned());
        }
        Ok(())
    }

    /// The stamp of a file that is there in its full length.
    fn stamp(&self, place: usize) -> Option<FileStamp> {
        let metadata = fs::symlink_metadata(self.folder.root.join(&self.places[place])).ok()?;
        let stamp = FileStamp::of(&metadata);
        (metadata.is_file() && stamp.len == self.folder.collection.files[place].size).then_some(stamp)
    }

    /// Whether a file is there, to the last byte.
    fn is_right(&self, place: usize, job: &Job) -> bool {
        let (path, listed) = (self.folder.root.join(&self.places[place]), &self.folder.collection.files[place]);
        let is_right = id_of(&path, |_| job.go_on()).is_ok_and(|id| id == listed.file_id);
        job.advance(listed.size).is_continue() && is_right
    }
}

fn work_dir(path: &Path) -> PathBuf {
    store::part_path(path)
}

fn record(work: &Path) -> PathBuf {
    work.join("progress")
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use sprat_protocol::collection::{Bundle, SMALL};
    use sprat_protocol::{Collection, CollectionFile, FileName};

    use super::*;

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
        let link = Link { file_id, name: None, size: None, trackers: Vec::new(), peers: Vec::new() };
        let order = Order { link, added_peers: 0, dir: dir.to_owned(), name: None, begun: false, distrust: false };
        let bytes = collection.clone().to_bytes().unwrap();
        let list = List { collection: collection.clone(), bytes, name: FileName::clean("folder") };
        Site::open(&order, list, &Job::default()).unwrap()
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
            let fetched = site.parts_dir().join("fetched");
            fs::write(&fetched, &bytes).unwrap();
            assert!(site.place(id(&bytes), &fetched).is_err());
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
        let fetched = site.parts_dir().join("fetched");
        fs::write(&fetched, &bytes).unwrap();
        site.place(id(&bytes), &fetched).unwrap();
        let work = work_dir(&site.path);
        let record = fs::read(record(&work)).unwrap();
        site.finish().unwrap();
        fs::create_dir_all(work.join("parts")).unwrap();
        fs::write(work.join("progress"), record).unwrap();
        assert!(matches!(open(dir.path(), &collection), OpenedSite::Complete { .. }));
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "nothing is left beside it");
    }
}
