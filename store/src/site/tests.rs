//! Tests of a site on a real disk.

use std::fs;
use std::ops::ControlFlow;

use sprat_protocol::collection::{Bundle, SMALL};
use sprat_protocol::{Collection, CollectionFile, FileName};

use super::*;
use crate::folder::list::List;
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
