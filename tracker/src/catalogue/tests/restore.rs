//! A backup that comes back.

use std::fs;

use super::helpers::*;
use crate::catalogue::backup::backup;
use crate::catalogue::error::{OpenError, RestoreError};
use crate::catalogue::place::Opening;
use crate::catalogue::restore::{check_file, restore};

#[test]
fn what_a_crash_left_beside_the_catalogue_does_not_change_the_backup() {
    let (dir, path) = place();
    let (catalogue, _) = open(&path);
    catalogue.fill(["wanted"]);
    let copy = dir.path().join("copy.db");
    backup(&path, &copy).unwrap();
    catalogue.fill((0..500).map(|number| format!("unwanted {number}")));
    assert!(matches!(restore(&copy, &path), Err(RestoreError::Open(OpenError::Locked(_)))));
    // As it lies on the disk while it is written: a crash leaves the file and its log.
    let (crashed_dir, crashed) = place();
    for end in ["", "-wal", "-shm"] {
        let name = format!("catalogue.db{end}");
        fs::copy(dir.path().join(&name), crashed_dir.path().join(&name)).unwrap();
    }
    assert!(fs::metadata(crashed_dir.path().join("catalogue.db-wal")).unwrap().len() > 0);
    assert_eq!(restore(&copy, &crashed).unwrap(), 1);
    assert_eq!(files_in(crashed_dir.path()), ["catalogue.db", "catalogue.db.lock"]);
    assert_eq!(check_file(&crashed).unwrap(), 1);
    let (restored, opening) = open(&crashed);
    assert_eq!((opening, restored.names("wanted")), (Opening::AsItWas { files: 1 }, vec!["wanted".to_owned()]));
}
