//! The program as a shell sees it: what it writes where, and its exit codes. What needs several processes is in the
//! workspace's `tests`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use tempfile::TempDir;
use tokio::net::TcpSocket;

const EMPTY_ID: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// SHA-256(0x00 ‖ "abc"), as `printf '\0abc' | sha256sum` says.
const ABC_ID: &str = "609f6e36d2405585188d5cfd761f407c7cc46a7d3f314c88270469dde315fcd1";

/// A folder that is the home, the configuration and the current folder of what runs in it.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, data: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, data).unwrap();
    }

    fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sprat"));
        command.args(line).current_dir(self.0.path()).stdin(Stdio::null());
        command.env("HOME", self.0.path()).env("XDG_CONFIG_HOME", self.0.path().join("config"));
        command.env_remove("SPRAT_TRACKER").env_remove("RUST_LOG").env_remove("RUST_BACKTRACE");
        command
    }

    fn run(&self, line: &[&str]) -> Ran {
        Ran::from(self.command(line).output().unwrap())
    }
}

#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let ran = Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
        ran
    }
}

impl Ran {
    #[track_caller]
    fn assert(&self, code: i32, stdout: &str, stderr_has: &str) {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), stdout), "{self:?}");
        assert!(self.stderr.contains(stderr_has) && self.stderr.is_empty() == stderr_has.is_empty(), "{self:?}");
    }
}

/// A port that nothing listens on, and nobody else gets while the socket lives.
fn closed_port() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// A server that gives everybody this answer, and is no tracker. Its thread ends with the test process.
fn answering(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // Read to the end of the head, so that closing does not reset what was answered.
            let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
            while head.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port
}

#[test]
fn id_prints_a_line_for_each_file_that_it_can_read() {
    let home = Home::new();
    home.write("empty", "");
    home.write("a b", "abc");
    home.run(&["id", "empty", "a b"]).assert(0, &format!("{EMPTY_ID}  empty\n{ABC_ID}  a b\n"), "");
    home.run(&["id", "missing", "empty"]).assert(1, &format!("{EMPTY_ID}  empty\n"), "can't read missing");
    // A folder's ID is that of the list of what is in it.
    home.write("folder/a b", "abc");
    let list = format!(r#"{{"type":"sprat-collection","files":[{{"path":["a b"],"size":3,"file_id":"{ABC_ID}"}}],"#)
        + &format!(r#""bundles":[{{"file_id":"{ABC_ID}","files":1}}],"folders":[]}}"#);
    home.write("list", &list);
    let listed = home.run(&["id", "list"]).stdout.replace("list", "folder");
    home.run(&["id", "folder"]).assert(0, &listed, "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_no_text_is_written_as_it_is() {
    use std::os::unix::ffi::OsStrExt;
    let home = Home::new();
    let name = std::ffi::OsStr::from_bytes(b"\xff.bin");
    fs::write(home.0.path().join(name), "abc").unwrap();
    let output = home.command(&["id"]).arg(name).output().unwrap();
    assert_eq!(output.stdout, [ABC_ID.as_bytes(), b"  \xff.bin\n"].concat());
    let output = home.command(&["verify", EMPTY_ID]).arg(name).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.starts_with(b"\xff.bin: FAILED"));
}

#[test]
fn verify_says_whether_the_file_is_the_one() {
    let home = Home::new();
    home.write("f", "abc");
    home.run(&["verify", ABC_ID, "f"]).assert(0, "f: OK\n", "");
    home.run(&["verify", &format!("sprat:{ABC_ID}?name=x"), "f"]).assert(0, "f: OK\n", "");
    home.run(&["verify", EMPTY_ID, "f"]).assert(1, &format!("f: FAILED (its ID is {ABC_ID})\n"), "");
    home.run(&["verify", "abc", "f"]).assert(2, "", "that isn't a file ID");
    home.run(&["verify", EMPTY_ID, "missing"]).assert(1, "", "check the path");
}

#[test]
fn wrong_usage_is_2_and_help_is_0() {
    let home = Home::new();
    for line in [&[][..], &["reboot"], &["get"], &["share"], &["id"], &["get", EMPTY_ID, "--timeout", "soon"]] {
        assert_eq!(home.run(line).code, Some(2), "{line:?}");
    }
    for line in [&["--help"][..], &["get", "--help"], &["--version"]] {
        assert_eq!(home.run(line).code, Some(0), "{line:?}");
    }
    home.run(&["get", "not-an-id"]).assert(2, "", "that isn't a file ID");
    home.run(&["--log", "sprat_peer=loud", "id", "x"]).assert(2, "", "use a level");
}

#[test]
fn errors_are_objects_in_json_mode() {
    let home = Home::new();
    let ran = home.run(&["get", "not-an-id", "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), ""));
    let error: serde_json::Value = serde_json::from_str(ran.stdout.trim_end()).unwrap();
    assert_eq!(
        (&error["type"], &error["code"], &error["file_id"]),
        (&"error".into(), &2.into(), &serde_json::Value::Null)
    );
    let ran = home.run(&["get", EMPTY_ID, "--json", "--output", "no/such/file"]);
    assert_eq!(ran.code, Some(1));
    let error: serde_json::Value = serde_json::from_str(ran.stdout.trim_end()).unwrap();
    assert_eq!(error["file_id"], EMPTY_ID);
}

#[test]
fn a_configuration_that_cannot_be_used_is_named() {
    let home = Home::new();
    home.write("config/sprat/config.toml", "trakcer = \"http://a:1\"");
    if cfg!(target_os = "linux") {
        let ran = home.run(&["search", "x"]);
        ran.assert(2, "", "unknown field `trakcer`");
        assert!(ran.stderr.contains("config.toml"), "{ran:?}");
        assert_eq!(home.run(&["get", EMPTY_ID]).code, Some(2));
    }
    let ran = Ran::from(Home::new().command(&["search", "x"]).env("SPRAT_TRACKER", "ftp://x").output().unwrap());
    ran.assert(2, "", "SPRAT_TRACKER");
}

#[test]
fn a_tracker_that_is_away_is_told_with_what_to_do() {
    let (_held, port) = closed_port();
    let tracker = format!("127.0.0.1:{port}");
    Home::new().run(&["search", "x", "--tracker", &tracker]).assert(1, "", "can't reach the tracker");
    let port = answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi");
    let tracker = format!("127.0.0.1:{port}");
    Home::new().run(&["search", "x", "--tracker", &tracker]).assert(1, "", "is not a Sprat tracker");
}

#[test]
fn a_search_needs_no_folder() {
    let (_held, port) = closed_port();
    let tracker = format!("127.0.0.1:{port}");
    let home = Home::new();
    let mut search = home.command(&["search", "x", "--tracker", &tracker]);
    let ran = Ran::from(search.env("TMPDIR", home.0.path().join("missing")).output().unwrap());
    ran.assert(1, "", "can't reach the tracker");
}

#[test]
fn a_reader_who_leaves_ends_it_quietly() {
    let home = Home::new();
    home.write("f", "abc");
    let mut child = home.command(&["id", "f", "f"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    // It may have written all before the reader left.
    assert!(matches!(output.status.code(), Some(0 | 1)));
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let full = Path::new("/dev/full");
    if full.exists() {
        let home = Home::new();
        home.write("f", "abc");
        let full = fs::OpenOptions::new().write(true).open(full).unwrap();
        Ran::from(home.command(&["id", "f"]).stdout(full).output().unwrap()).assert(1, "", "can't write the result");
    }
}
