//! The binary as systemd starts it: with sockets that are there already, and with somebody who wants to know how it is.

#![cfg(unix)]

#[path = "common/running.rs"]
mod running;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use running::Running;

/// Time beyond anything here, so that what hangs fails.
const LONG: Duration = Duration::from_secs(20);

impl Running {
    fn line(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        line
    }

    fn terminate(mut self) {
        let kill = format!("kill -TERM {}", self.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert_eq!(self.0.wait().unwrap().code(), Some(0));
    }
}

/// Starts the tracker with this socket as its file descriptors 3 and 4.
fn start_with(socket: TcpListener, arguments: &[&str]) -> Running {
    // The shell has the ID that the tracker will have.
    let script = r#"exec 3<&0 4<&0 0</dev/null; LISTEN_FDS=2 LISTEN_PID=$$ exec "$@""#;
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_sprat-tracker")]).args(arguments);
    command.stdin(Stdio::from(OwnedFd::from(socket))).stdout(Stdio::piped()).stderr(Stdio::piped());
    Running(command.spawn().unwrap())
}

/// The first line of the answer to a request.
fn ask(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap().to_owned()
}

#[test]
fn it_serves_on_the_sockets_that_it_is_given() {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    // Somebody who came before it was started is served too.
    let early = std::thread::spawn(move || ask(address, "/healthz"));
    // It would fail where it cannot listen, if it tried to.
    let mut running = start_with(socket, &["--listen", "192.0.2.1:1"]);
    assert_eq!(running.line(), format!("sprat-tracker listening on http://{address}\n"));
    assert_eq!(early.join().unwrap(), "HTTP/1.1 200 OK");
    assert_eq!(ask(address, "/readyz"), "HTTP/1.1 200 OK");
    running.terminate();
}

#[test]
fn metrics_keep_an_address_of_their_own() {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    let mut running = start_with(socket, &["--server-metrics-listen", "127.0.0.1:0"]);
    running.line();
    assert_eq!(ask(address, "/metrics"), "HTTP/1.1 404 Not Found");
    running.terminate();
}

#[test]
fn what_is_no_listening_socket_is_refused() {
    let script = r#"exec 3</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@""#;
    let output = Command::new("sh").args(["-c", script, "sh", env!("CARGO_BIN_EXE_sprat-tracker")]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("sockets that this was started with"));
}

#[test]
fn it_tells_that_it_is_ready_alive_and_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let systemd = UnixDatagram::bind(&path).unwrap();
    systemd.set_read_timeout(Some(LONG)).unwrap();
    let heard = || {
        let mut buffer = [0; 100];
        let len = systemd.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..len]).trim_end().to_owned()
    };
    let mut running = start_notifying(&path);
    let line = running.line();
    assert_eq!(heard(), "READY=1");
    assert_eq!(heard(), "WATCHDOG=1");
    assert_eq!(heard(), "WATCHDOG=1");
    let address = line.trim_end().strip_prefix("sprat-tracker listening on http://").unwrap();
    assert_eq!(ask(address.parse().unwrap(), "/readyz"), "HTTP/1.1 200 OK");
    running.terminate();
    let last = std::iter::repeat_with(heard).find(|word| word != "WATCHDOG=1");
    assert_eq!(last.as_deref(), Some("STOPPING=1"));
}

fn start_notifying(path: &Path) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sprat-tracker"));
    command.args(["--listen", "127.0.0.1:0"]).env("NOTIFY_SOCKET", path).env("WATCHDOG_USEC", "100000");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    Running(command.spawn().unwrap())
}
