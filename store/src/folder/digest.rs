//! Hashing of a folder: its path → its list and the chunk hashes of what travels. Links are not followed; what is neither a
//! file nor a folder is left out.

use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use sprat_chunking::{ChunkHashes, ChunkSize, FileDigest, FileId, Hash, Layout, split, tree};
use sprat_protocol::Collection;
use sprat_protocol::collection::{Bundle, CollectionFile, SMALL, bundle_small};

use crate::digest::{ShareError, digest_file};
use crate::disk::stamp::FileStamp;
use crate::folder::Folder;
use crate::source::PlacedFile;

/// Folder that was hashed.
#[derive(Debug)]
pub struct FolderDigest {
    /// Folder, and what is in it.
    pub folder: Folder,
    /// List of its files, as it is shared.
    pub bytes: Vec<u8>,
    /// Chunk hashes of its parts.
    pub digests: Vec<FileDigest>,
}

/// Contents of a folder, as a walk through it finds them.
#[derive(Default)]
struct Found {
    files: Vec<(Vec<String>, PlacedFile)>,
    empty: Vec<Vec<String>>,
}

/// Bytes of the files in a folder, as far as they can be told; for progress.
pub fn folder_size(root: &Path) -> u64 {
    walk(root).map_or(0, |found| found.files.iter().map(|(_, file)| file.stamp.len).sum())
}

/// Hashes every file in the folder at `root` on all cores; blocks. `progress` is told the bytes done so far, by any thread, and
/// may end the work with `Break`.
///
/// # Errors
/// [`ShareError`] says what stands in the way.
pub fn digest_folder(
    root: &Path,
    progress: impl Fn(u64) -> ControlFlow<()> + Sync,
) -> Result<FolderDigest, ShareError> {
    let Found { files, empty } = walk(root)?;
    let done = AtomicU64::new(0);
    let advance = |bytes: u64| progress(done.fetch_add(bytes, Ordering::Relaxed) + bytes);
    let is_small = |(_, file): &&(Vec<String>, PlacedFile)| file.stamp.len <= SMALL;
    let small: Vec<&PlacedFile> = files.iter().filter(is_small).map(|(_, file)| file).collect();
    let counts = bundle_small(small.iter().map(|file| file.stamp.len));
    let bundles = digest_bundles(root, &small, &counts, &advance)?;
    let mut small_ids = bundles.iter().flat_map(|(_, ids)| ids.iter().copied());
    let mut listed = Vec::with_capacity(files.len());
    let mut large = Vec::new();
    for (path, file) in &files {
        let file_id = if file.stamp.len <= SMALL {
            small_ids.next().expect("every small file is in a bundle")
        } else {
            let digest = digest_large(root, file, &advance)?;
            let file_id = digest.file_id();
            large.push(digest);
            file_id
        };
        listed.push(CollectionFile { path: path.clone(), size: file.stamp.len, file_id });
    }
    let named =
        bundles.iter().zip(&counts).map(|((digest, _), files)| Bundle { file_id: digest.file_id(), files: *files });
    let collection = Collection { bundles: named.collect(), files: listed, folders: empty };
    let bytes = collection.clone().to_bytes()?;
    let digests = large.into_iter().chain(bundles.into_iter().map(|(digest, _)| digest));
    let digests = digests.collect();
    let files = files.into_iter().map(|(_, file)| Some(file)).collect();
    let folder = Folder { root: root.to_owned(), parts: collection.parts(), collection: Arc::new(collection), files };
    Ok(FolderDigest { folder, bytes, digests })
}

fn digest_large(
    root: &Path,
    file: &PlacedFile,
    advance: &(impl Fn(u64) -> ControlFlow<()> + Sync),
) -> Result<FileDigest, ShareError> {
    let path = root.join(&file.path);
    let before = AtomicU64::new(0);
    let (digest, stamp) =
        digest_file(&path, |done| advance(done - before.fetch_max(done, Ordering::Relaxed).min(done)))?;
    if stamp == file.stamp { Ok(digest) } else { Err(ShareError::Changed { path }) }
}

/// Returns every bundle's chunk hashes, and the IDs of the files in it; bundles side by side on all cores.
fn digest_bundles(
    root: &Path,
    small: &[&PlacedFile],
    counts: &[u32],
    advance: &(impl Fn(u64) -> ControlFlow<()> + Sync),
) -> Result<Vec<(FileDigest, Vec<FileId>)>, ShareError> {
    let ends: Vec<usize> = counts
        .iter()
        .scan(0, |end, count| {
            Some({
                *end += *count as usize;
                *end
            })
        })
        .collect();
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        let mut digests = Vec::new();
        while let Some(end) = ends.get(next.fetch_add(1, Ordering::Relaxed)).filter(|_| !failed.load(Ordering::Relaxed))
        {
            let place = ends.partition_point(|other| other < end);
            let start = if place == 0 { 0 } else { ends[place - 1] };
            let digest = digest_bundle(root, &small[start..*end], advance);
            failed.fetch_or(digest.is_err(), Ordering::Relaxed);
            digests.push((place, digest?));
        }
        Ok(digests)
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(counts.len()).max(1);
    let mut digests = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let parts = workers.into_iter().map(|worker| worker.join().expect("hashing does not panic"));
        parts.collect::<Result<Vec<_>, ShareError>>().map(|parts| parts.into_iter().flatten().collect::<Vec<_>>())
    })?;
    digests.sort_unstable_by_key(|(place, _)| *place);
    Ok(digests.into_iter().map(|(_, digest)| digest).collect())
}

/// Hashes one bundle: each file is read once, and hashed both by itself and as a part of the bundle's chunks.
fn digest_bundle(
    root: &Path,
    files: &[&PlacedFile],
    advance: &impl Fn(u64) -> ControlFlow<()>,
) -> Result<(FileDigest, Vec<FileId>), ShareError> {
    let len = files.iter().map(|file| file.stamp.len).sum();
    let chunk_size = ChunkSize::for_len(len);
    let chunk_len = chunk_size.bytes() as usize;
    let (mut bytes, mut chunk) = (Vec::new(), Vec::with_capacity(chunk_len));
    let (mut hashes, mut ids): (Vec<Hash>, _) = (Vec::new(), Vec::with_capacity(files.len()));
    for file in files {
        read_small(root, file, &mut bytes)?;
        ids.push(id_of_small(&bytes));
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (part, after) = rest.split_at((chunk_len - chunk.len()).min(rest.len()));
            chunk.extend_from_slice(part);
            rest = after;
            if chunk.len() == chunk_len {
                hashes.push(tree::chunk_hash(&chunk));
                chunk.clear();
            }
        }
        if advance(bytes.len() as u64).is_break() {
            return Err(ShareError::Stopped);
        }
    }
    if !chunk.is_empty() {
        hashes.push(tree::chunk_hash(&chunk));
    }
    let layout = Layout::new(len, chunk_size).expect("a bundle is short enough for any layout");
    Ok((FileDigest { layout, hashes: ChunkHashes::from_hashes(chunk_size, hashes) }, ids))
}

/// Returns the chunk hashes of a list, whose root is the folder's ID; none if it is longer than any file.
pub fn digest_list(list: &[u8]) -> Option<FileDigest> {
    let layout = Layout::new(list.len() as u64, ChunkSize::for_len(list.len() as u64)).ok()?;
    split(list, layout, |_, _| ControlFlow::Continue(())).ok()
}

/// Returns the ID of a file of at most one chunk.
pub fn id_of_small(bytes: &[u8]) -> FileId {
    if bytes.is_empty() { tree::root([]).into() } else { tree::chunk_hash(bytes).into() }
}

fn read_small(root: &Path, placed: &PlacedFile, bytes: &mut Vec<u8>) -> Result<(), ShareError> {
    let path = root.join(&placed.path);
    let failed = |source| ShareError::Read { path: path.clone(), source };
    let mut file = File::open(&path).map_err(failed)?;
    bytes.clear();
    // One more than it should have, so that one that grew is noticed.
    file.by_ref().take(placed.stamp.len + 1).read_to_end(bytes).map_err(failed)?;
    let same = FileStamp::of(&file.metadata().map_err(failed)?) == placed.stamp;
    if same && bytes.len() as u64 == placed.stamp.len { Ok(()) } else { Err(ShareError::Changed { path }) }
}

/// Finds every file below `root`, sorted by path.
fn walk(root: &Path) -> Result<Found, ShareError> {
    let mut found = Found::default();
    let mut waiting = vec![(Vec::new(), PathBuf::new())];
    while let Some((components, below)) = waiting.pop() {
        let path = root.join(&below);
        let failed = |source: io::Error| ShareError::Read { path: path.clone(), source };
        let mut is_empty = true;
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let metadata = entry.metadata().map_err(failed)?;
            if !metadata.is_dir() && !metadata.is_file() {
                tracing::info!(path = %entry.path().display(), "left out: neither a file nor a folder");
                continue;
            }
            is_empty = false;
            let text = name.to_str().ok_or_else(|| ShareError::Name { path: entry.path() })?;
            let components: Vec<String> = components.iter().cloned().chain([text.to_owned()]).collect();
            let below = below.join(&name);
            if metadata.is_dir() {
                waiting.push((components, below));
            } else {
                found.files.push((components, PlacedFile { path: below, stamp: FileStamp::of(&metadata) }));
            }
        }
        if is_empty && !components.is_empty() {
            found.empty.push(components);
        }
    }
    found.files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use sprat_protocol::collection::Part;

    use super::*;

    fn write(root: &Path, path: &str, bytes: &[u8]) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn digest(root: &Path) -> Result<FolderDigest, ShareError> {
        digest_folder(root, |_| ControlFlow::Continue(()))
    }

    #[test]
    fn a_folder_is_listed_with_everything_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let large = vec![3; SMALL as usize + 1];
        for (path, bytes) in [("b/large", large.as_slice()), ("a", b"one"), ("b/ü", b""), ("b-c", b"two")] {
            write(dir.path(), path, bytes);
        }
        fs::create_dir_all(dir.path().join("empty/below")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        let most = AtomicU64::new(0);
        let FolderDigest { folder, bytes, digests } = digest_folder(dir.path(), |done| {
            most.fetch_max(done, Ordering::Relaxed);
            ControlFlow::Continue(())
        })
        .unwrap();
        let listed: Vec<(String, u64)> =
            folder.collection.files.iter().map(|file| (file.path.join("/"), file.size)).collect();
        let expected = [("a", 3), ("b/large", SMALL + 1), ("b/ü", 0), ("b-c", 3)].map(|(p, n)| (p.to_owned(), n));
        assert_eq!(listed, expected);
        assert_eq!(folder.collection.folders, [["empty", "below"]]);
        assert_eq!(Collection::parse(&bytes).unwrap(), *folder.collection);
        assert_eq!(most.into_inner(), folder.collection.size());
        for (part, digest) in folder.parts.iter().zip(&digests) {
            let (id, content): (FileId, &[u8]) = match part {
                Part::File(place) => (folder.collection.files[*place].file_id, &large),
                Part::Bundle { file_id, .. } => (*file_id, b"onetwo"),
            };
            let layout = Layout::new(content.len() as u64, ChunkSize::DEFAULT).unwrap();
            let expected = split(content, layout, |_, _| ControlFlow::Continue(())).unwrap();
            assert_eq!((digest, id), (&expected, expected.file_id()));
        }
        assert_eq!(digests.len(), 2);
        assert!(folder.is_still());
        // The same content has the same ID wherever it lies.
        let other = tempfile::tempdir().unwrap();
        for (path, bytes) in [("b-c", b"two".as_slice()), ("b/ü", b""), ("a", b"one"), ("b/large", &large)] {
            write(other.path(), path, bytes);
        }
        fs::create_dir_all(other.path().join("empty/below")).unwrap();
        assert_eq!(digest(other.path()).unwrap().bytes, bytes);
    }

    #[test]
    fn bundles_are_hashed_as_their_files_one_after_another() {
        let dir = tempfile::tempdir().unwrap();
        let mut all = Vec::new();
        for n in 0..40u8 {
            let bytes = vec![n; 20_000 + usize::from(n)];
            write(dir.path(), &format!("{n:02}"), &bytes);
            all.extend(bytes);
        }
        let FolderDigest { folder, digests, .. } = digest(dir.path()).unwrap();
        let [Part::Bundle { files, .. }] = folder.parts.as_slice() else { panic!("one bundle: {folder:?}") };
        let expected = split(all.as_slice(), digests[0].layout, |_, _| ControlFlow::Continue(())).unwrap();
        assert_eq!(digests, [expected]);
        let placed = files.iter().map(|place| folder.files[*place].clone().unwrap());
        let bundled = crate::source::Bundled::new(folder.root.clone(), placed);
        for (start, len) in [(0, all.len()), (0, 1), (19_999, 2), (20_000, 20_001), (all.len() - 1, 1)] {
            let mut read = vec![0; len];
            bundled.read(start as u64, &mut read).unwrap();
            assert!(read == all[start..start + len], "{len} from {start}");
        }
        assert!(bundled.read(all.len() as u64, &mut [0]).is_err());
        write(dir.path(), "07", &[1; 20_007]);
        write(dir.path(), "08", &[1; 5]);
        let changed = bundled.read(20_000 * 8, &mut [0; 100]);
        assert!(matches!(changed, Err(crate::source::ReadError::Changed(_))), "{changed:?}");
    }
}
