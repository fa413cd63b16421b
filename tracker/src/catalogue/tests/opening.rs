//! Opening of a catalogue in every state.

use std::fs;

use rusqlite::Connection;

use super::helpers::*;
use crate::catalogue::error::OpenError;
use crate::catalogue::handle::Catalogue;
use crate::catalogue::place::{Opening, Place, Site};
use crate::catalogue::schema::{self, MIGRATIONS};

#[test]
fn what_was_written_is_there_after_a_restart() {
    let (_dir, path) = place();
    let (catalogue, opening) = open(&path);
    assert_eq!((opening, catalogue.len()), (Opening::New, 0));
    catalogue.fill(["a", "b", "c"]);
    let before = catalogue.entry(id(1)).unwrap();
    drop(catalogue);
    let (catalogue, opening) = open(&path);
    assert_eq!((opening, catalogue.len()), (Opening::AsItWas { files: 3 }, 3));
    assert_eq!(catalogue.entry(id(1)).unwrap(), before);
    assert_eq!(catalogue.names("b"), ["b"]);
    assert_eq!(catalogue.check().unwrap(), 3);
}

#[test]
fn two_trackers_do_not_share_a_file() {
    let (dir, path) = place();
    let (first, _) = open(&path);
    let second = Catalogue::open(Place::File(path.clone()), &settings());
    assert!(matches!(second, Err(OpenError::Locked(at)) if at == path));
    #[cfg(unix)]
    {
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(Catalogue::open(Place::File(link), &settings()), Err(OpenError::Locked(_))));
    }
    drop(first);
    open(&path);
}

#[test]
fn an_older_catalogue_is_brought_up_to_date() {
    let (_dir, path) = place();
    open(&path).0.fill(["a"]);
    let newer = [MIGRATIONS, &["ALTER TABLE files ADD COLUMN note TEXT"]].concat();
    let site = Site::claim(Place::File(path.clone())).unwrap();
    let (db, opening) = site.open(&newer).unwrap();
    assert_eq!(opening, Opening::Migrated { from: 1, files: 1 });
    drop(db);
    assert_eq!(site.open(&newer).unwrap().1, Opening::AsItWas { files: 1 });
}

#[test]
fn a_newer_catalogue_is_refused_and_left_as_it_is() {
    let (dir, path) = place();
    open(&path).0.fill(["a"]);
    let newer = [MIGRATIONS, &["ALTER TABLE files ADD COLUMN note TEXT"]].concat();
    Site::claim(Place::File(path.clone())).unwrap().open(&newer).unwrap();
    let before = fs::read(&path).unwrap();
    let refused = Catalogue::open(Place::File(path.clone()), &settings()).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 2, known: 1, .. }), "{refused}");
    assert!(refused.to_string().contains("newer version of this program"), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(files_in(dir.path()), ["catalogue.db", "catalogue.db.lock"]);
}

#[test]
fn another_programs_database_is_refused_and_left_as_it_is() {
    let (dir, path) = place();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE thesis (chapter TEXT)").unwrap();
    let before = fs::read(&path).unwrap();
    let refused = Catalogue::open(Place::File(path.clone()), &settings()).unwrap_err();
    assert!(matches!(refused, OpenError::Foreign(_)), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(files_in(dir.path()), ["catalogue.db", "catalogue.db.lock"]);
}

#[test]
fn what_is_no_database_is_set_aside() {
    let (dir, path) = place();
    fs::write(&path, "Dear diary, ".repeat(1000)).unwrap();
    fs::write(dir.path().join("catalogue.db-wal"), "of another time").unwrap();
    let (catalogue, opening) = open(&path);
    let Opening::SetAside { to, reason } = opening else { panic!("{opening:?}") };
    assert!(reason.contains("not a database"), "{reason}");
    assert!(fs::read_to_string(&to).unwrap().starts_with("Dear diary"));
    catalogue.fill(["a"]);
    assert_eq!(catalogue.names("a"), ["a"]);
}

#[test]
fn several_damaged_files_are_kept_side_by_side() {
    let (dir, path) = place();
    for _ in 0..3 {
        fs::write(&path, "x".repeat(5000)).unwrap();
        assert!(matches!(open(&path).1, Opening::SetAside { .. }));
    }
    let damaged = files_in(dir.path()).into_iter().filter(|name| name.contains(".damaged-"));
    assert_eq!(damaged.count(), 3);
}

#[test]
fn a_catalogue_whose_making_was_cut_short_is_made_again() {
    let (_dir, path) = place();
    fs::write(&path, "").unwrap();
    assert_eq!(open(&path).1, Opening::New);
    // The tables are there, but the file is not in WAL mode yet.
    let (_dir, path) = place();
    let db = Connection::open(&path).unwrap();
    schema::migrate(&db, schema::DatabaseKind::Empty, MIGRATIONS).unwrap();
    drop(db);
    assert_eq!(open(&path).1, Opening::AsItWas { files: 0 });
}

#[test]
fn a_copy_that_somebody_made_with_other_tools_is_a_catalogue() {
    let (dir, path) = place();
    open(&path).0.fill(["a", "b"]);
    let copy = dir.path().join("copy");
    Connection::open(&path).unwrap().execute("VACUUM INTO ?1", [copy.to_str()]).unwrap();
    let (catalogue, opening) = open(&copy);
    assert_eq!((opening, catalogue.names("a")), (Opening::AsItWas { files: 2 }, vec!["a".into()]));
}

#[test]
fn a_place_that_is_not_there_is_an_error() {
    let (dir, _) = place();
    let refused = Catalogue::open(Place::File(dir.path().join("missing/catalogue.db")), &settings()).unwrap_err();
    assert!(matches!(refused, OpenError::Io { .. }), "{refused}");
}
