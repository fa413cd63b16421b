//! Opening of a site: what stands under the numbered names is looked at, and a site is begun where nothing is.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use sprat_api::Trouble;
use sprat_chunking::{ChunkSize, FileId, Layout, split};
use sprat_protocol::Collection;
use sprat_protocol::collection::Part;

use super::{Before, FILES, OpenedSite, PARTS, Site};
use crate::disk::destination::{Destination, part_name};
use crate::disk::job::Job;
use crate::disk::open_dir::OpenDir;
use crate::disk::stamp::FileStamp;
use crate::disk::trouble::trouble;
use crate::folder::Folder;
use crate::folder::digest::{FolderDigest, digest_folder};
use crate::folder::list::List;
use crate::folder::place::places;
use crate::part::PartFile;
use crate::site::progress::Progress;

/// Search for a folder, complete or under construction, among the numbered names.
struct Search<'a> {
    id: FileId,
    destination: &'a Destination,
    collection: &'a Collection,
    /// List of the folder's files, as it came.
    list: &'a [u8],
    /// Refuses to begin anew: something was fetched before, and is not here.
    is_away: bool,
    job: &'a Job,
}

/// Outcome of looking at one name.
enum Found {
    /// The very folder, complete.
    Complete(OpenedSite),
    /// Folder in which this folder is built, new or from before.
    Work(OpenDir),
    /// Something else: the next name is tried.
    Taken,
}

impl Site {
    /// Opens the site of this folder where it was ordered to, or, unless something was fetched before, begins one beside
    /// whatever is there. After `job` was stopped nothing more is hashed, and what was not is not believed to be there.
    ///
    /// # Errors
    /// [`Trouble`] on this machine.
    pub fn open(id: FileId, dir: &Path, before: Before, list: List, job: &Job) -> Result<OpenedSite, Trouble> {
        let List { collection, bytes, name } = list;
        let destination = Destination::at(dir, name, before.begun)?;
        // The list was fetched towards the same name, or a number of it.
        let had_list = PartFile::discard_numbered(&destination, id);
        let is_away = before.begun && !had_list;
        for name in destination.names() {
            let search = Search { id, destination: &destination, collection: &collection, list: &bytes, is_away, job };
            let work = match search.look_at(&name)? {
                Found::Complete(complete) => return Ok(complete),
                Found::Work(work) => work,
                Found::Taken => continue,
            };
            let Some(progress) = search.lock(&name, &work)? else { continue };
            let mut site = Self::begin(destination, name, work, progress, collection)?;
            site.look(before.distrust, job)?;
            return Ok(OpenedSite::Site(Box::new(site)));
        }
        let full = io::Error::other("too many folders of that name are there");
        Err(trouble(&destination.path_of(destination.name.as_str()), 0, &full))
    }

    /// Lays out the folders of a site, and makes the files that are empty.
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
    pub(super) fn look(&mut self, distrust: bool, job: &Job) -> Result<(), Trouble> {
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

    /// Returns true if a file is there, to the last byte.
    fn is_right(&self, place: usize, job: &Job) -> bool {
        let listed = &self.folder.collection.files[place];
        let layout = Layout::new(listed.size, ChunkSize::for_len(listed.size)).ok();
        let file = self.open_at(place, |dir, name| dir.open(name)).ok();
        let digest = file.zip(layout).map(|(file, layout)| split(&file, layout, |_, _| job.go_on()));
        let is_right = digest.is_some_and(|digest| digest.is_ok_and(|digest| digest.file_id() == listed.file_id));
        job.advance(listed.size).is_continue() && is_right
    }
}

impl Search<'_> {
    /// Looks at what has this name, or is built towards it.
    fn look_at(&self, name: &str) -> Result<Found, Trouble> {
        let dir = &self.destination.dir;
        let work_name = part_name(name);
        let work = dir.dir(&work_name).ok();
        match work.and_then(|work| Some((Progress::owner(&work)?, work))) {
            Some((owner, _)) if owner != self.id => Ok(Found::Taken),
            Some((_, work)) => self.go_on(name, work),
            None if dir.is_taken(name) => self.compare(name),
            None if dir.is_taken(&work_name) => Ok(Found::Taken),
            None => self.begin(name),
        }
    }

    /// Goes on in the folder in which this one was built before, unless a crash came right after this one got its name.
    fn go_on(&self, name: &str, work: OpenDir) -> Result<Found, Trouble> {
        if !work.is_taken(FILES)
            && self.destination.dir.is_taken(name)
            && let Some(complete) = self.complete(name)
        {
            Site::discard(&self.destination.path_of(name), self.id);
            return Ok(Found::Complete(complete));
        }
        self.refuse_if_stopped(name)?;
        Ok(Found::Work(work))
    }

    /// Compares what has the name with the folder that is wanted.
    fn compare(&self, name: &str) -> Result<Found, Trouble> {
        if let Some(complete) = self.complete(name) {
            return Ok(Found::Complete(complete));
        }
        self.refuse_if_stopped(name)?;
        Ok(Found::Taken)
    }

    /// Makes a folder to build this one in.
    fn begin(&self, name: &str) -> Result<Found, Trouble> {
        if self.is_away {
            return Err(self.failed(name, &io::Error::other("what was fetched so far is not there")));
        }
        let made = self.destination.dir.new_dir(part_name(name));
        made.map(Found::Work).map_err(|error| self.failed(name, &error))
    }

    /// Hashes what has the name, and returns it if it is the very folder.
    fn complete(&self, name: &str) -> Option<OpenedSite> {
        self.job.expect(self.collection.size());
        let digest = digest_folder(&self.destination.path_of(name), |done| self.job.at(done));
        let FolderDigest { folder, bytes, digests } = digest.ok()?;
        (bytes == self.list).then_some(OpenedSite::Complete { folder, digests })
    }

    /// Fails after the job was stopped: where it is not known whether the folder is there, nothing is begun beside it.
    fn refuse_if_stopped(&self, name: &str) -> Result<(), Trouble> {
        match self.job.is_stopped() {
            true => Err(self.failed(name, &io::ErrorKind::Interrupted.into())),
            false => Ok(()),
        }
    }

    /// Opens and locks the record in `work`; none if another process has it.
    fn lock(&self, name: &str, work: &OpenDir) -> Result<Option<Progress>, Trouble> {
        let opened = Progress::open(work, self.id).and_then(|progress| Ok(progress.lock()?.then_some(progress)));
        opened.map_err(|error| self.failed(name, &error))
    }

    fn failed(&self, name: &str, error: &io::Error) -> Trouble {
        trouble(&self.destination.path_of(&part_name(name)), self.collection.size(), error)
    }
}
