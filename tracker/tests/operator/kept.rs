//! Files of the data folder: who may read them, and how they come back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Started, run};

/// Rights of a file or folder.
fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The program with this `umask`, so that nothing but the program itself keeps others out.
fn open_handed(arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", r#"umask 0; exec "$@""#, "sh", env!("CARGO_BIN_EXE_sprat-tracker")]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn nobody_else_reads_the_catalogue_or_a_copy_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("a").join("data"), folder.path().join("copy.db"));
    let data_dir = data.to_str().unwrap();
    let started = Started::from(open_handed(&["--listen", "127.0.0.1:0", "--data-dir", data_dir]));
    let backup = open_handed(&["backup", copy.to_str().unwrap(), "--data-dir", data_dir]).output().unwrap();
    assert!(backup.status.success(), "{}", String::from_utf8_lossy(&backup.stderr));
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&copy), 0o600);
    for file in fs::read_dir(&data).unwrap().map(|file| file.unwrap().path()) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    // One that an earlier version left open to others is closed to them.
    started.end();
    let file = data.join("catalogue.db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    let _started = Started::from(open_handed(&["--listen", "127.0.0.1:0", "--data-dir", data_dir]));
    assert_eq!((mode(&file), mode(&data)), (0o600, 0o700));
}

#[test]
fn a_backup_is_restored_only_while_no_tracker_runs_and_only_if_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data_dir, copy) = (path("data"), path("copy.db"));
    let started = Started::new(&["--data-dir", &data_dir]);
    assert_eq!(run(&["backup", &copy, "--data-dir", &data_dir]).0, Some(0));
    let (code, said) = run(&["restore", &copy, "--data-dir", &data_dir]);
    assert!(code == Some(1) && said.contains("another tracker is running"), "{code:?} {said}");
    let (code, said) = run(&["check-catalogue", "--data-dir", &data_dir]);
    assert!(code == Some(0) && said.contains("0 files"), "{code:?} {said}");
    started.end();
    let before = fs::read(Path::new(&data_dir).join("catalogue.db")).unwrap();
    fs::write(path("short.db"), &fs::read(&copy).unwrap()[..9000]).unwrap();
    fs::write(path("text.db"), "this is no database").unwrap();
    fs::write(path("empty.db"), "").unwrap();
    for wrong in ["short.db", "text.db", "empty.db", "missing.db"] {
        let (code, said) = run(&["restore", &path(wrong), "--data-dir", &data_dir]);
        assert!(code == Some(1) && said.contains(wrong), "{code:?} {said}");
        assert_eq!(fs::read(Path::new(&data_dir).join("catalogue.db")).unwrap(), before, "{wrong}");
    }
    // What a crash leaves beside the file.
    fs::write(path("data/catalogue.db-wal"), "old").unwrap();
    fs::write(path("data/catalogue.db-shm"), "old").unwrap();
    let (code, said) = run(&["restore", &copy, "--data-dir", &data_dir]);
    assert!(code == Some(0), "{code:?} {said}");
    let mut left: Vec<_> =
        fs::read_dir(&data_dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    left.retain(|name| name.starts_with("catalogue"));
    assert_eq!(left, ["catalogue.db", "catalogue.db.lock"]);
    let (code, said) = run(&["check-catalogue", "--data-dir", &data_dir]);
    assert!(code == Some(0), "{code:?} {said}");
    fs::write(path("data/catalogue.db"), &fs::read(&copy).unwrap()[..9000]).unwrap();
    let (code, said) = run(&["check-catalogue", "--data-dir", &data_dir]);
    assert!(code == Some(1) && said.contains("catalogue.db"), "{code:?} {said}");
}
