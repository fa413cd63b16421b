//! A cluster of Redis servers that the tests start themselves: three primaries, and a replica of each.

#![allow(dead_code, reason = "each test binary uses some of this")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sprat_tracker::ClusterConfig;
use tempfile::TempDir;

/// Variable with which tests fail where there are no servers to be started; otherwise they are skipped.
const REQUIRED: &str = "SPRAT_REQUIRE_REDIS";
/// Time without a word after which the servers hold one of them to be away.
const NODE_TIMEOUT: Duration = Duration::from_secs(2);
/// Time beyond what starting takes.
const LONG: Duration = Duration::from_secs(60);
/// Pause before looking again.
const PAUSE: Duration = Duration::from_millis(50);

const SLOTS: u32 = 16384;
/// Number of primaries. Server `n + PRIMARIES` is the replica of server `n`, at first.
pub(crate) const PRIMARIES: usize = 3;

/// The servers, which end with this value, or with the test if that ends in another way.
#[derive(Debug)]
pub(crate) struct Servers {
    cli: &'static str,
    servers: Vec<Server>,
    _folder: TempDir,
}

#[derive(Debug)]
struct Server {
    port: u16,
    pid: u32,
    shell: Child,
    /// The server ends when this is closed.
    lifeline: Option<ChildStdin>,
}

impl Servers {
    /// Starts the servers and waits until they serve all slots; none if they are not installed.
    pub(crate) fn start() -> Option<Self> {
        let Some((program, cli)) = installed() else {
            assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and there is no redis-server");
            eprintln!("skipped: redis-server is not installed");
            return None;
        };
        // Somebody else may take a port between the moment in which it is found free and that in which it is used.
        let servers = (0..5).find_map(|_| Self::try_start(program, cli)).expect("servers start");
        servers.join();
        Some(servers)
    }

    /// Configures a tracker that finds them.
    pub(crate) fn config(&self, prefix: &str) -> ClusterConfig {
        let nodes = self.servers[..2].iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
        ClusterConfig { nodes, prefix: prefix.to_owned(), ..ClusterConfig::default() }
    }

    /// Finds the primary that served this slot at first.
    pub(crate) fn shard_of(slot: u16) -> usize {
        (0..PRIMARIES).find(|shard| u32::from(slot) <= last_slot(*shard)).unwrap()
    }

    /// Kills a server.
    pub(crate) fn kill(&self, number: usize) {
        self.signal(number, "-KILL");
    }

    /// Lets a server fall silent without closing a connection.
    pub(crate) fn freeze(&self, number: usize) {
        self.signal(number, "-STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self, number: usize) {
        self.signal(number, "-CONT");
    }

    /// Moves so many slots from a primary to another one.
    pub(crate) fn reshard(&self, from: usize, to: usize, slots: u32) {
        let (from, to, slots) = (self.id(from), self.id(to), slots.to_string());
        let address = format!("127.0.0.1:{}", self.servers[0].port);
        let moved = ["--cluster", "reshard", &address, "--cluster-from", &from, "--cluster-to", &to, "--cluster-slots"];
        let output = Command::new(self.cli).args(moved).args([&slots, "--cluster-yes"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }

    /// Sends a command to a server, and returns its answer as text.
    pub(crate) fn say(&self, number: usize, command: &[&str]) -> String {
        let port = self.servers[number].port.to_string();
        let output = Command::new(self.cli).args(["-p", &port]).args(command).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn try_start(program: &str, cli: &'static str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let listeners: Vec<TcpListener> =
            (0..4 * PRIMARIES).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<u16> = listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        drop(listeners);
        let servers = ports.chunks(2).map(|ports| Server::start(program, folder.path(), ports[0], ports[1])).collect();
        let servers = Self { cli, servers, _folder: folder };
        let answers = |number| wait_for(Duration::from_secs(5), || servers.say(number, &["PING"]) == "PONG");
        (0..servers.servers.len()).all(answers).then_some(servers)
    }

    /// Makes a cluster of them.
    fn join(&self) {
        let mut first = 0;
        for number in 0..self.servers.len() {
            self.expect_ok(number, &["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]);
            if number < PRIMARIES {
                let (from, to) = (first.to_string(), last_slot(number).to_string());
                self.expect_ok(number, &["CLUSTER", "ADDSLOTSRANGE", &from, &to]);
                first = last_slot(number) + 1;
            }
        }
        // The second port is the one that servers talk to each other on.
        for Server { port, .. } in &self.servers[1..] {
            let bus = self.bus_port(*port);
            self.expect_ok(0, &["CLUSTER", "MEET", "127.0.0.1", &port.to_string(), &bus]);
        }
        let all = |says: &dyn Fn(usize) -> bool| assert!(wait_for(LONG, || (0..self.servers.len()).all(says)));
        let num_servers = format!("cluster_known_nodes:{}", self.servers.len());
        all(&|number| self.say(number, &["CLUSTER", "INFO"]).contains(&num_servers));
        for number in PRIMARIES..self.servers.len() {
            let primary = self.id(number - PRIMARIES);
            assert!(wait_for(LONG, || self.say(number, &["CLUSTER", "REPLICATE", &primary]) == "OK"));
        }
        all(&|number| self.say(number, &["CLUSTER", "INFO"]).contains("cluster_state:ok"));
        all(&|number| {
            number < PRIMARIES || self.say(number, &["INFO", "replication"]).contains("master_link_status:up")
        });
    }

    fn bus_port(&self, port: u16) -> String {
        let line = self.say(self.number(port), &["CONFIG", "GET", "cluster-port"]);
        line.lines().last().unwrap().to_owned()
    }

    fn number(&self, port: u16) -> usize {
        self.servers.iter().position(|server| server.port == port).unwrap()
    }

    fn id(&self, number: usize) -> String {
        self.say(number, &["CLUSTER", "MYID"])
    }

    fn expect_ok(&self, number: usize, command: &[&str]) {
        assert_eq!(self.say(number, command), "OK", "{command:?}");
    }

    fn signal(&self, number: usize, signal: &str) {
        let pid = self.servers[number].pid.to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
}

impl Server {
    /// Starts a server by way of a shell, which ends it when the lifeline is closed, as happens when the test is killed.
    fn start(program: &str, folder: &Path, port: u16, bus_port: u16) -> Self {
        let mut script = format!("'{program}'");
        let folder = folder.join(port.to_string());
        std::fs::create_dir(&folder).unwrap();
        for (key, value) in [
            ("port", port.to_string()),
            ("bind", "127.0.0.1".into()),
            ("dir", folder.display().to_string()),
            ("save", String::new()),
            ("cluster-enabled", "yes".into()),
            ("cluster-port", bus_port.to_string()),
            ("cluster-node-timeout", NODE_TIMEOUT.as_millis().to_string()),
            ("cluster-require-full-coverage", "no".into()),
            ("cluster-allow-replica-migration", "no".into()),
            ("repl-diskless-sync-delay", "0".into()),
            ("repl-ping-replica-period", "1".into()),
        ] {
            write!(script, " --{key} '{value}'").unwrap();
        }
        write!(script, " >'{}/log' 2>&1 & echo $!; read -r _; kill -KILL $!", folder.display()).unwrap();
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = shell.spawn().unwrap();
        let mut pid = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut pid).unwrap();
        Self { port, pid: pid.trim().parse().unwrap(), lifeline: shell.stdin.take(), shell }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.shell.wait();
    }
}

/// The server and the program to talk to it, if there are any.
fn installed() -> Option<(&'static str, &'static str)> {
    let runs = |program: &str| Command::new(program).arg("--version").output().is_ok();
    [("valkey-server", "valkey-cli"), ("redis-server", "redis-cli")]
        .into_iter()
        .find(|(server, cli)| runs(server) && runs(cli))
}

fn last_slot(shard: usize) -> u32 {
    SLOTS * (shard as u32 + 1) / PRIMARIES as u32 - 1
}

/// Looks until something is so. Says whether it became so in time.
fn wait_for(time: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !is_so() {
        if start.elapsed() > time {
            return false;
        }
        thread::sleep(PAUSE);
    }
    true
}
