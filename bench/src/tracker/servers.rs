//! The servers that are measured, each a real process that listens on loopback.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tempfile::TempDir;

use super::client::{Client, source};
use super::http;
use crate::process::{GLANCE, Process, beside_this, text};
use crate::programs::{found, version};
use crate::usage::Usage;

/// Time that a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);
/// Processes of nginx: one for each core, as it does by itself, but never more than the tracker has threads here.
const NGINX_WORKERS: usize = 2;

/// A server that listens.
pub(crate) struct Server {
    /// Name of the server, with its version.
    pub(crate) name: String,
    /// Address that the server listens at.
    pub(crate) address: SocketAddr,
    process: Process,
    /// The processes that do the work, where that is not the first one.
    workers: Vec<u32>,
    /// Command that ends the server in good order, where its workers would outlive it otherwise.
    stop: Option<Command>,
    /// Its configuration.
    _dir: Option<TempDir>,
}

impl Server {
    /// Time and memory that all processes of the server have used so far.
    pub(crate) fn usage(&self) -> Usage {
        let workers = self.workers.iter().map(|pid| Usage::of(*pid));
        workers.fold(self.process.usage(), |sum, usage| Usage { cpu: sum.cpu + usage.cpu, rss: sum.rss + usage.rss })
    }

    /// Ends it in good order.
    pub(crate) fn end(mut self) -> anyhow::Result<()> {
        self.process.terminate(Instant::now() + PATIENCE)
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(mut self) {
        self.process.kill();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = &mut self.stop {
            // Where that fails the process is killed, and its workers are left to whoever looks at this machine next.
            let _ = stop.output();
        }
    }
}

/// Our tracker with these flags, once it listens.
pub(crate) fn sprat(flags: &[&str]) -> anyhow::Result<Server> {
    let mut process =
        Process::start(Command::new(beside_this("sprat-tracker")?).args(["--listen", "127.0.0.1:0"]).args(flags))?;
    let url = process.line("sprat-tracker listening on http://", Instant::now() + PATIENCE)?;
    let address = url.parse().with_context(|| format!("{url:?} is no address"))?;
    Ok(Server { name: "sprat".into(), address, process, workers: Vec::new(), stop: None, _dir: None })
}

/// Waits until our tracker says that it is ready.
pub(crate) fn ready(tracker: &Server) -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    let mut client = Client::connect(tracker.address, source(0))?;
    loop {
        let mut reply = client.ask(&http::get(tracker.address, "/readyz"))?;
        if reply.head.status == 404 {
            // A tracker that tells only that it is alive.
            reply = client.ask(&http::get(tracker.address, "/healthz"))?;
        }
        if reply.head.status == 200 {
            return Ok(());
        }
        ensure!(Instant::now() < until, "the tracker does not get ready: it says {}", reply.head.status);
        thread::sleep(GLANCE);
    }
}

/// nginx with an answer of this length that it has in memory, if it is installed.
pub(crate) fn nginx(answer_len: usize) -> anyhow::Result<Option<Server>> {
    let Some(version) = version("nginx", &["-v"]) else { return Ok(None) };
    let dir = tempfile::tempdir()?;
    let address = free_address()?;
    let config = dir.path().join("nginx.conf");
    std::fs::write(&config, nginx_config(dir.path(), address, answer_len)?)?;
    let arguments = ["-p", text(dir.path())?, "-c", text(&config)?];
    let mut process = Process::start(Command::new(found("nginx")?).args(arguments))?;
    let mut stop = Command::new(found("nginx")?);
    stop.args(arguments).args(["-s", "stop"]);
    let until = Instant::now() + PATIENCE;
    process.listens(address.port(), until)?;
    let mut workers = Vec::new();
    while workers.len() < NGINX_WORKERS {
        ensure!(Instant::now() < until, "nginx does not start its workers");
        thread::sleep(GLANCE);
        workers = Usage::children_of(process.id());
    }
    let name = format!("nginx {version}");
    Ok(Some(Server { name, address, process, workers, stop: Some(stop), _dir: Some(dir) }))
}

/// The fastest of what nginx offers: an answer in memory costs it less than one that it sends or reads from a file.
fn nginx_config(dir: &Path, address: SocketAddr, answer_len: usize) -> anyhow::Result<String> {
    let dir = text(dir)?;
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {dir}/{kind};"));
    // A line of its configuration has to fit into 4 KiB.
    let answer = json(answer_len).into_bytes();
    let pieces = answer.chunks(2000).map(|piece| String::from_utf8_lossy(piece)).enumerate();
    let set: String = pieces.clone().map(|(number, piece)| format!("set $piece{number} '{piece}';\n")).collect();
    let all: String = pieces.map(|(number, _)| format!("${{piece{number}}}")).collect();
    Ok(format!(
        "daemon off; user root; worker_processes {NGINX_WORKERS}; pid {dir}/pid; error_log stderr;\n\
         events {{ worker_connections 8192; multi_accept on; }}\n\
         http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; tcp_nodelay on; {}\n\
         server {{ listen {address} reuseport; default_type application/json;\n\
         location / {{ {set} return 200 '{all}'; }} }} }}\n",
        temporary.join(" ")
    ))
}

/// A JSON text of this length.
fn json(len: usize) -> String {
    format!("\"{}\"", "x".repeat(len.saturating_sub(2)))
}

/// aquatic_http without TLS, if it is installed.
pub(crate) fn aquatic() -> anyhow::Result<Option<Server>> {
    let Some(version) = version("aquatic_http", &["--version"]) else { return Ok(None) };
    let dir = tempfile::tempdir()?;
    let address = free_address()?;
    let config = dir.path().join("aquatic.toml");
    // As many threads as the tracker has here. With two socket workers, three threads in all, it is slower.
    let text_of_config = format!(
        "socket_workers = 1\nswarm_workers = 1\nlog_level = \"error\"\n\
         [network]\naddress = \"{address}\"\nkeep_alive = true\n[protocol]\nmax_peers = 50\n"
    );
    std::fs::write(&config, text_of_config)?;
    let mut process = Process::start(Command::new(found("aquatic_http")?).args(["-c", text(&config)?]))?;
    process.listens(address.port(), Instant::now() + PATIENCE)?;
    let name = format!("aquatic_http {version}");
    Ok(Some(Server { name, address, process, workers: Vec::new(), stop: None, _dir: Some(dir) }))
}

/// An address that is free now: these servers cannot be told to choose one and say which.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
