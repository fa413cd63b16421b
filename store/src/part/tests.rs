//! Tests of the part file on a real disk.

use std::fs::{self, File};
use std::time::Instant;

use proptest::prelude::*;
use sprat_chunking::{ChunkIndex, ChunkSize, PutError, split};
use sprat_protocol::FileName;

use super::*;

struct Fixture {
    dir: tempfile::TempDir,
    data: Vec<u8>,
    hashes: ChunkHashes,
    layout: Layout,
}

fn fixture(len: usize) -> Fixture {
    let data: Vec<u8> = (0..len).map(|i| (i / 7 + i * 13) as u8).collect();
    let layout = Layout::new(len as u64, ChunkSize::MIN).unwrap();
    let hashes = split(data.as_slice(), layout, |_, _| ControlFlow::Continue(())).unwrap().hashes;
    Fixture { dir: tempfile::tempdir().unwrap(), data, hashes, layout }
}

impl Fixture {
    fn destination(&self) -> Destination {
        Destination::at(self.dir.path(), FileName::clean("a.bin"), false).unwrap()
    }

    fn open(&self) -> PartFile {
        match PartFile::open(self.destination(), self.hashes.clone(), self.layout, false).unwrap() {
            Opened::Part(part) => part,
            Opened::Complete(path, _) => panic!("{} is complete", path.display()),
        }
    }

    fn put(&self, part: &PartFile, index: ChunkIndex) -> Result<Layout, PutError> {
        let range = self.layout.range(index);
        let chunk = &self.data[range.start as usize..range.end as usize];
        part.chunks.put(self.layout, index, chunk)
    }

    fn check(part: &PartFile) -> Vec<u32> {
        part.check(&Job::default()).unwrap().ones().map(ChunkIndex::get).collect()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(&self.dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn what_was_verified_is_found_again_and_nothing_else() {
    let fixture = fixture(100_000);
    let part = fixture.open();
    assert_eq!(Fixture::check(&part), Vec::<u32>::new());
    for n in [1, 4, 6] {
        fixture.put(&part, fixture.layout.index(n).unwrap()).unwrap();
    }
    drop(part);
    // A crash may leave anything in a chunk that was being written.
    let path = fixture.dir.path().join("a.bin.part");
    let mut bytes = fs::read(&path).unwrap();
    bytes[70_000] ^= 1;
    fs::write(&path, bytes).unwrap();
    let part = fixture.open();
    assert_eq!(Fixture::check(&part), [1, 6]);
    assert_eq!(fixture.names(), ["a.bin.part", "a.bin.part.sprat"]);
    let remembered = PartFile::remembered(&fixture.destination(), fixture.hashes.file_id());
    assert_eq!(remembered, Some((fixture.hashes.clone(), fixture.layout)));
}

#[test]
fn a_finished_file_gets_its_name_and_leaves_nothing_beside_it() {
    let fixture = fixture(50_000);
    let part = fixture.open();
    fixture.layout.indices().for_each(|index| {
        fixture.put(&part, index).unwrap();
    });
    let (path, _) = part.finish(fixture.layout, true).unwrap();
    assert!(fs::read(&path).unwrap() == fixture.data);
    assert_eq!(fixture.names(), ["a.bin"]);
    drop(part);
    let again = PartFile::open(fixture.destination(), fixture.hashes.clone(), fixture.layout, false).unwrap();
    assert!(matches!(again, Opened::Complete(found, _) if found == path));
}

#[test]
fn another_file_of_that_name_is_never_touched() {
    let fixture = fixture(50_000);
    fs::write(fixture.dir.path().join("a.bin"), "mine").unwrap();
    fs::write(fixture.dir.path().join("a (2).bin.part"), "mine too").unwrap();
    let part = fixture.open();
    fixture.layout.indices().for_each(|index| {
        fixture.put(&part, index).unwrap();
    });
    // And one that appears while the download runs.
    fs::write(fixture.dir.path().join("a (3).bin"), "mine as well").unwrap();
    let (path, _) = part.finish(fixture.layout, true).unwrap();
    assert_eq!(path, fixture.dir.path().join("a (2).bin"), "the first name that is free");
    assert_eq!(fixture.names(), ["a (2).bin", "a (2).bin.part", "a (3).bin", "a.bin"]);
    assert_eq!(fs::read(fixture.dir.path().join("a.bin")).unwrap(), b"mine");
    assert_eq!(fs::read(fixture.dir.path().join("a (3).bin")).unwrap(), b"mine as well");
}

#[test]
fn after_an_orderly_end_nothing_is_hashed_again() {
    let fixture = fixture(100_000);
    let part = fixture.open();
    let mut has = Bitfield::empty(fixture.layout.num_chunks());
    for n in [1, 4] {
        let index = fixture.layout.index(n).unwrap();
        fixture.put(&part, index).unwrap();
        has.insert(index);
    }
    part.chunks.checkpoint(&has, fixture.layout, true).unwrap();
    drop(part);
    let (part, job) = (fixture.open(), Job::default());
    assert_eq!(part.check(&job).unwrap(), has);
    assert_eq!(job.work(Instant::now()), None, "a chunk was hashed");
    // A crash after more was written: that is looked at, and what is on record is not.
    fixture.put(&part, fixture.layout.index(2).unwrap()).unwrap();
    drop(part);
    let part = fixture.open();
    let found = part.check(&job);
    assert_eq!(found.unwrap().ones().map(ChunkIndex::get).collect::<Vec<_>>(), [1, 2, 4]);
    let work = job.work(Instant::now()).unwrap();
    assert!(work.done > 0 && work.done == work.total && work.total <= 5 * 16 * 1024, "{work:?}");
}

#[test]
fn a_record_does_not_outlive_the_part_file_that_it_is_of() {
    let fixture = fixture(100_000);
    let part = fixture.open();
    fixture.layout.indices().for_each(|index| {
        fixture.put(&part, index).unwrap();
    });
    part.chunks.checkpoint(&Bitfield::full(fixture.layout.num_chunks()), fixture.layout, true).unwrap();
    drop(part);
    let path = fixture.dir.path().join("a.bin.part");
    // Cut short by somebody: what is missing is not believed.
    File::options().write(true).open(&path).unwrap().set_len(40_000).unwrap();
    assert_eq!(Fixture::check(&fixture.open()), [0, 1]);
    fs::remove_file(&path).unwrap();
    assert_eq!(Fixture::check(&fixture.open()), Vec::<u32>::new());
    // And again, as after a crash right now.
    assert_eq!(Fixture::check(&fixture.open()), Vec::<u32>::new());
}

#[test]
fn what_was_begun_is_not_begun_anew_where_it_is_not() {
    let fixture = fixture(50_000);
    let open = || PartFile::open(fixture.destination(), fixture.hashes.clone(), fixture.layout, true);
    assert!(matches!(open(), Err(Trouble::Io { .. })));
    assert_eq!(fixture.names(), Vec::<String>::new());
    let path = fixture.dir.path().join("a.bin");
    assert!(!PartFile::could_go_on(&path, fixture.hashes.file_id(), true));
    drop(fixture.open());
    assert!(PartFile::could_go_on(&path, fixture.hashes.file_id(), true));
    assert!(matches!(open(), Ok(Opened::Part(_))));
    assert_eq!(fixture.names(), ["a.bin.part", "a.bin.part.sprat"], "the probe is gone");
}

#[test]
fn two_at_once_do_not_share_a_part_file() {
    let fixture = fixture(50_000);
    let (first, second) = (fixture.open(), fixture.open());
    assert_ne!(first.path(), second.path());
}

#[test]
fn a_bad_chunk_is_not_written() {
    let fixture = fixture(50_000);
    let part = fixture.open();
    let index = fixture.layout.index(0).unwrap();
    let refused = part.chunks.put(fixture.layout, index, &[9; 16 * 1024]);
    assert!(matches!(refused, Err(PutError::Mismatch)));
    assert!(fs::read(fixture.dir.path().join("a.bin.part")).unwrap().iter().all(|byte| *byte == 0));
}

#[test]
fn the_last_chunk_corrects_a_wrong_length() {
    let fixture = fixture(50_000);
    let claimed = Layout::new(60_000, ChunkSize::MIN).unwrap();
    assert_eq!(claimed.num_chunks(), fixture.layout.num_chunks());
    let Opened::Part(part) = PartFile::open(fixture.destination(), fixture.hashes.clone(), claimed, false).unwrap()
    else {
        panic!("it is not there yet")
    };
    let mut layout = claimed;
    for index in claimed.indices() {
        let range = fixture.layout.range(index);
        let chunk = &fixture.data[range.start as usize..range.end as usize];
        layout = part.chunks.put(layout, index, chunk).unwrap();
    }
    assert_eq!(layout, fixture.layout);
    let (path, _) = part.finish(layout, true).unwrap();
    assert!(fs::read(path).unwrap() == fixture.data);
}

#[test]
fn an_empty_file_is_complete_at_once() {
    let fixture = fixture(0);
    let part = fixture.open();
    let (path, stamp) = part.finish(fixture.layout, true).unwrap();
    assert_eq!((path, stamp.len), (fixture.dir.path().join("a.bin"), 0));
}

#[cfg(unix)]
#[test]
fn a_link_where_the_part_file_should_be_is_not_followed() {
    let fixture = fixture(50_000);
    let victim = fixture.dir.path().join("victim");
    fs::write(&victim, "mine").unwrap();
    drop(fixture.open());
    fs::remove_file(fixture.dir.path().join("a.bin.part")).unwrap();
    std::os::unix::fs::symlink(&victim, fixture.dir.path().join("a.bin.part")).unwrap();
    let part = fixture.open();
    fixture.put(&part, fixture.layout.index(0).unwrap()).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"mine");
}

#[test]
fn trouble_is_named() {
    let full = trouble(Path::new("/d/a.part"), 5, &io::ErrorKind::StorageFull.into());
    assert_eq!(full, Trouble::DiskFull { needed: 5, dir: "/d".into() });
    let fixture = fixture(10);
    fs::write(fixture.dir.path().join("file"), "").unwrap();
    let refused = Destination::at(&fixture.dir.path().join("file/sub"), FileName::clean("a"), false);
    assert!(matches!(refused, Err(Trouble::Io { .. })), "{refused:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_sidecar_is_no_sidecar(at: prop::sample::Index, bit in 0u8..8, cut in any::<bool>()) {
        let fixture = fixture(100_000);
        let dir = OpenDir::at(fixture.dir.path()).unwrap();
        Sidecar::write(&dir, "x.part", fixture.layout.len(), &fixture.hashes, 0).unwrap();
        let path = fixture.dir.path().join("x.part.sprat");
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        fs::write(&path, &bytes).unwrap();
        let read = Sidecar::read(&dir, "x.part");
        // The size is a claim like any other, and is corrected by the last chunk.
        let size_only = !cut && (16..24).contains(&at);
        prop_assert_eq!(read.is_some(), size_only);
    }
}
