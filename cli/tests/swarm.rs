//! `share`, `get` and `demo` as processes of their own. Ports are the system's choice, and nothing waits but for output.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;
use sprat_tracker::access::tokens::Tokens;
use sprat_tracker::access::{AccessConfig, Public, Role};
use sprat_tracker::{Config, Now};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const EMPTY_ID: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn sprat(dir: &Path, line: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sprat"));
    command.args(line).current_dir(dir).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("HOME", dir).env("XDG_CONFIG_HOME", dir.join("config"));
    command.env_remove("SPRAT_TRACKER").env_remove("RUST_LOG").env_remove("RUST_BACKTRACE");
    command
}

/// A command that runs until it is stopped, and is killed if the test fails before.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    fn start(dir: &Path, line: &[&str]) -> Self {
        let mut child = sprat(dir, line).stderr(Stdio::inherit()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    /// The next JSON line of this type.
    fn next(&mut self, kind: &str) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "it ended without a line of type {kind}");
            let value: Value = serde_json::from_str(&line).unwrap();
            if value["type"] == kind {
                return value;
            }
        }
    }

    /// Ctrl-C, and the exit code that it leads to.
    #[cfg(unix)]
    fn interrupt(mut self) -> Option<i32> {
        let kill = format!("kill -INT {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A tracker that lives as long as this.
struct Tracker {
    url: String,
    _runtime: tokio::runtime::Runtime,
}

impl Tracker {
    fn start() -> Self {
        Self::start_with(Config::default())
    }

    fn start_with(config: Config) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(sprat_tracker::serve(listener, config, CancellationToken::new()));
        Self { url, _runtime: runtime }
    }
}

fn lines(output: &Output) -> Vec<Value> {
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{output:?}");
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A real file that is large enough for several chunks: the program under test.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_sprat"))
}

#[cfg(unix)]
#[test]
fn a_shared_file_is_fetched_through_its_link_and_a_share_ends_well() {
    let (tracker, dir) = (Tracker::start(), TempDir::new().unwrap());
    let path = program().to_str().unwrap();
    let mut share = Running::start(
        dir.path(),
        &["share", path, "missing", "--json", "--listen", "127.0.0.1:0", "--tracker", &tracker.url],
    );
    let shared = share.next("shared");
    assert_eq!(shared["size"], fs::metadata(program()).unwrap().len());
    assert!(share.next("error")["message"].as_str().unwrap().contains("can't read"));

    // Without the tracker, by the address in the link.
    let link = shared["link"].as_str().unwrap();
    let got = sprat(dir.path(), &["get", link, "--output", "new/", "--json"]).output().unwrap();
    assert_eq!(got.status.code(), Some(0), "{got:?}");
    let complete = lines(&got).pop().unwrap();
    assert_eq!((&complete["type"], &complete["file_id"]), (&"complete".into(), &shared["file_id"]));
    assert_eq!(complete["downloaded"], shared["size"]);
    assert_eq!(complete["sources"].as_array().unwrap().len(), 1);
    assert!(fs::read(complete["path"].as_str().unwrap()).unwrap() == fs::read(program()).unwrap());

    // By the ID, with what the tracker knows; the path is all that is on stdout.
    let id = shared["file_id"].as_str().unwrap();
    let got = sprat(dir.path(), &["get", id, "--output", "copy", "--tracker", &tracker.url]).output().unwrap();
    assert_eq!(got.status.code(), Some(0), "{got:?}");
    assert_eq!(String::from_utf8(got.stdout).unwrap(), format!("{}\n", dir.path().join("copy").display()));
    let verified = sprat(dir.path(), &["verify", id, "copy"]).status().unwrap();
    assert_eq!(verified.code(), Some(0));
    assert_eq!(share.interrupt(), Some(0));
}

/// Below `/proc` nothing can be written, not even by root.
#[cfg(target_os = "linux")]
#[test]
fn the_reason_for_which_a_download_stops_is_told_once() {
    let (tracker, dir) = (Tracker::start(), TempDir::new().unwrap());
    let path = program().to_str().unwrap();
    let mut share =
        Running::start(dir.path(), &["share", path, "--json", "--listen", "127.0.0.1:0", "--tracker", &tracker.url]);
    let shared = share.next("shared");
    let got = sprat(dir.path(), &["get", shared["link"].as_str().unwrap(), "--output", "/proc/copy"]).output().unwrap();
    assert_eq!(got.status.code(), Some(1), "{got:?}");
    assert_eq!(String::from_utf8(got.stderr).unwrap().matches("/proc/copy.part").count(), 1);
}

/// Runs a command with this on its standard input. Returns its exit code and what it said.
fn fed(dir: &Path, line: &[&str], input: &str) -> (Option<i32>, String) {
    let mut child = sprat(dir, line).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code(), said)
}

#[cfg(unix)]
#[test]
fn a_private_tracker_is_opened_by_its_token() {
    let data_dir = TempDir::new().unwrap();
    let access = AccessConfig { public: Public::None, ..AccessConfig::default() };
    let tokens = Tokens::open(Some(data_dir.path())).unwrap();
    let token = tokens.create("alice", Role::Share, None, Now::read()).unwrap().reveal();
    let config = Config { access, data_dir: Some(data_dir.path().to_owned()), ..Config::default() };
    let tracker = Tracker::start_with(config);
    let (alice, mallory) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let run = |dir: &TempDir, line: &[&str], input: &str| {
        let (code, said) = fed(dir.path(), line, input);
        assert!(!said.contains(&token[6..40]), "{said}");
        (code, said)
    };
    let search = ["--log", "trace", "search", "a", "--tracker", &tracker.url];

    let (code, said) = run(&alice, &search, "");
    assert!(code == Some(1) && said.contains("sprat login"), "{said}");
    for (wrong, expected) in [("", 2), ("nonsense", 2), (&*format!("sprat_{}", "a".repeat(52)), 1)] {
        assert_eq!(run(&alice, &["login", &tracker.url], wrong).0, Some(expected), "{wrong}");
    }
    assert_eq!(run(&alice, &["logout", &tracker.url], "").0, Some(1), "nothing was stored");
    assert_eq!(run(&alice, &["login", &tracker.url], &format!(" {token}\r\nmore")).0, Some(0));
    assert_eq!(run(&alice, &search, "").0, Some(3), "it answers, and there is nothing");

    fs::write(alice.path().join("a"), b"abc").unwrap();
    let line = ["share", "a", "--json", "--listen", "127.0.0.1:0", "--tracker", &tracker.url];
    let mut share = Running::start(alice.path(), &line);
    let shared = share.next("shared");
    assert!(!shared.to_string().contains("sprat_"), "{shared}");
    let id = shared["file_id"].as_str().unwrap();
    let get = ["get", id, "--timeout", "5", "--listen", "127.0.0.1:0", "--tracker", &tracker.url, "--output", "got"];
    let (code, said) = run(&alice, &get, "");
    assert_eq!(code, Some(0), "{said}");
    let get = ["get", id, "--timeout", "0.5", "--listen", "127.0.0.1:0", "--tracker", &tracker.url];
    let (code, said) = run(&mallory, &get, "");
    assert!(code == Some(1) && said.contains("sprat login"), "{said}");
    let (code, said) = run(&mallory, &["share", "--tracker", &tracker.url, "missing"], "");
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(share.interrupt(), Some(0));

    assert_eq!(run(&alice, &["logout", &tracker.url], "").0, Some(0));
    assert_eq!(run(&alice, &search, "").0, Some(1));
}

#[test]
fn what_nobody_has_is_3_and_a_tracker_that_is_away_is_1() {
    let dir = TempDir::new().unwrap();
    let tracker = Tracker::start();
    let get = |tracker: &str| {
        let line = ["get", EMPTY_ID, "--json", "--timeout", "0.5", "--listen", "127.0.0.1:0", "--tracker", tracker];
        sprat(dir.path(), &line).output().unwrap()
    };
    let nobody = get(&tracker.url);
    assert_eq!(nobody.status.code(), Some(3), "{nobody:?}");
    let error = lines(&nobody).pop().unwrap();
    assert_eq!((&error["type"], &error["code"], &error["file_id"]), (&"error".into(), &3.into(), &EMPTY_ID.into()));

    let closed = tokio::net::TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let away = get(&closed.local_addr().unwrap().to_string());
    assert_eq!(away.status.code(), Some(1), "{away:?}");
    assert!(lines(&away).pop().unwrap()["message"].as_str().unwrap().contains("can't reach the tracker"));
}

#[cfg(unix)]
#[test]
fn a_download_that_is_interrupted_is_130() {
    let (tracker, dir) = (Tracker::start(), TempDir::new().unwrap());
    let mut get = Running::start(dir.path(), &["get", EMPTY_ID, "--json", "--tracker", &tracker.url]);
    get.next("progress");
    assert_eq!(get.interrupt(), Some(130));
}

#[cfg(unix)]
#[test]
fn a_demo_that_is_interrupted_leaves_nothing_behind() {
    let dir = TempDir::new().unwrap();
    let mut demo = Running::start(dir.path(), &["demo"]);
    let mut line = String::new();
    while !line.contains(" chunks   seeder 1:") {
        line.clear();
        assert_ne!(demo.stdout.read_line(&mut line).unwrap(), 0, "it ended before a chunk came");
    }
    assert_eq!(demo.interrupt(), Some(130));
    assert_eq!(fs::read_dir(dir.path().join("downloads")).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_shared_or_listened_on_is_1() {
    let dir = TempDir::new().unwrap();
    let tracker = Tracker::start();
    let share = |line: &[&str]| {
        let line = [&["share", "--tracker", &tracker.url], line].concat();
        let output = sprat(dir.path(), &line).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = share(&["missing", "/dev/null"]);
    assert!(code == Some(1) && said.contains("can't read") && said.contains("/dev/null"), "{code:?} {said}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, said) = share(&["--listen", &taken.local_addr().unwrap().to_string(), "f"]);
    assert!(code == Some(1) && said.contains("--listen"), "{code:?} {said}");
    let (code, said) = share(&["--lan", "f"]);
    assert!(code == Some(2) && said.contains("nobody else can reach"), "{code:?} {said}");
}

#[test]
fn the_demo_shows_a_swarm_and_never_overwrites() {
    let dir = TempDir::new().unwrap();
    for (name, data) in [("empty", &b""[..]), ("small", b"abc"), ("small", b"abc")] {
        fs::write(dir.path().join(name), data).unwrap();
        let demo = sprat(dir.path(), &["demo", name]).output().unwrap();
        assert_eq!(demo.status.code(), Some(0), "{demo:?}");
        assert!(String::from_utf8(demo.stdout).unwrap().contains("They are the same"));
    }
    let saved = |name: &str| fs::read(dir.path().join("downloads").join(name)).unwrap();
    assert_eq!((saved("empty"), saved("small"), saved("small (2)")), (b"".into(), b"abc".into(), b"abc".into()));

    let demo = sprat(dir.path(), &["demo"]).output().unwrap();
    assert_eq!(demo.status.code(), Some(0), "{demo:?}");
    let name = program().file_name().unwrap().to_str().unwrap();
    assert!(saved(name) == fs::read(program()).unwrap());
}
