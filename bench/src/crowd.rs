//! A crowd: one seeder and several downloaders, each behind a link of its own, all wanting the same file at the same time.
//!
//! Every host is a network namespace on a bridge, with a token bucket on both ends of its cable. Linux only, as root. What one copy
//! takes on such a link is the lower bound: nobody can have the file sooner.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};

/// How large the crowd is and how fast its links are.
#[derive(clap::Args)]
pub(crate) struct Crowd {
    /// Size of the file in MiB
    #[arg(long, default_value_t = 64)]
    mib: u64,
    /// How many downloaders
    #[arg(long, default_value_t = 8)]
    downloaders: usize,
    /// What each link carries each way, in Mbit/s
    #[arg(long, default_value_t = 100)]
    mbit: u64,
    /// How often; every run is printed
    #[arg(long, default_value_t = 3)]
    runs: u32,
}

/// Prints one table.
pub(crate) fn run(crowd: &Crowd) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("file.bin");
    crate::noise(&file, crowd.mib)?;
    let network = Network::new(crowd.downloaders + 2, crowd.mbit)?;
    println!("| downloaders | all done after, s | ÷ one copy | copies sent by the seeder |\n| --- | --- | --- | --- |");
    let mut one_copy = None;
    for (downloaders, runs) in [(1, 1), (crowd.downloaders, crowd.runs.max(1))] {
        for run in 0..runs {
            let out = dir.path().join(format!("{downloaders}-{run}"));
            let (seconds, copies) = all_done(&network, &file, &out, downloaders)?;
            let one_copy = *one_copy.get_or_insert(seconds);
            println!("| {downloaders} | {seconds:.2} | {:.2} | {copies:.2} |", seconds / one_copy);
        }
    }
    Ok(())
}

/// Seconds from the start of the downloaders to the moment when the last has the file in place, and how many copies' worth of
/// bytes came from the seeder.
fn all_done(network: &Network, file: &Path, out: &Path, downloaders: usize) -> anyhow::Result<(f64, f64)> {
    let size = file.metadata()?.len() as f64;
    let sprat = beside_this("sprat")?;
    let mut tracker = network.start(0, &beside_this("sprat-tracker")?, ["--listen", &format!("{}:0", address(0))])?;
    let url = wait_for(&mut tracker, "sprat-tracker listening on ")?;
    let file = file.to_str().context("a temporary path is Unicode")?;
    let mut seeder = network.start(1, &sprat, ["share", file, "--tracker", &url, "--json"])?;
    let shared = wait_for(&mut seeder, "{\"type\":\"shared\",\"file_id\":\"")?;
    let id = shared.get(..64).context("a file ID has 64 digits")?;
    let start = Instant::now();
    let mut crowd = Vec::new();
    for host in 2..2 + downloaders {
        let to = format!("{}-{host}/", out.display());
        let arguments = ["get", id, "--tracker", &url, "--output", &to, "--seed", "--json"];
        crowd.push(network.start(host, &sprat, arguments)?);
    }
    let mut from_seeder = 0.0;
    for downloader in &mut crowd {
        let complete = wait_for(downloader, "{\"type\":\"complete\"")?;
        from_seeder += bytes_from(&complete, &address(1)).unwrap_or_default();
    }
    Ok((start.elapsed().as_secs_f64(), from_seeder / size))
}

/// The bytes that came from this address, as the line of a finished download tells.
fn bytes_from(complete: &str, address: &str) -> Option<f64> {
    let (_, source) = complete.split_once(&format!("\"addr\":\"{address}:"))?;
    let (_, bytes) = source.split_once("\"bytes\":")?;
    bytes.split(['}', ',']).next()?.parse().ok()
}

fn beside_this(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    ensure!(path.exists(), "{} is not built; run: cargo build --release --workspace", path.display());
    Ok(path)
}

/// The rest of the first line that starts so.
fn wait_for(process: &mut Process, start: &str) -> anyhow::Result<String> {
    for line in process.lines.by_ref() {
        if let Some(rest) = line?.strip_prefix(start) {
            return Ok(rest.to_owned());
        }
    }
    anyhow::bail!("a process ended before it printed {start:?}")
}

/// A process in one of the hosts; it ends with this value.
struct Process {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Hosts on a bridge, which itself is in a namespace of its own: nothing outside is touched. All go with this value.
struct Network {
    prefix: String,
    hosts: usize,
}

impl Network {
    /// So many hosts; the first has a link without limit.
    fn new(hosts: usize, mbit: u64) -> anyhow::Result<Self> {
        let network = Self { prefix: format!("sprat{}", std::process::id()), hosts };
        let hub = network.hub();
        ip(&format!("netns add {hub}"))?;
        ip(&format!("-n {hub} link add bridge type bridge"))?;
        ip(&format!("-n {hub} link set bridge up"))?;
        for host in 0..hosts {
            let name = network.host(host);
            ip(&format!("netns add {name}"))?;
            ip(&format!("-n {hub} link add port{host} type veth peer name eth0 netns {name}"))?;
            ip(&format!("-n {hub} link set port{host} master bridge up"))?;
            ip(&format!("-n {name} addr add {}/24 dev eth0", address(host)))?;
            ip(&format!("-n {name} link set lo up"))?;
            ip(&format!("-n {name} link set eth0 up"))?;
            if host > 0 {
                limit(&hub, &format!("port{host}"), mbit)?;
                limit(&name, "eth0", mbit)?;
            }
        }
        Ok(network)
    }

    fn hub(&self) -> String {
        format!("{}-hub", self.prefix)
    }

    fn host(&self, host: usize) -> String {
        format!("{}-{host}", self.prefix)
    }

    fn start<'a>(
        &self,
        host: usize,
        program: &Path,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> anyhow::Result<Process> {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.host(host)]).arg(program).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().context("stdout is piped")?;
        Ok(Process { child, lines: BufReader::new(stdout).lines() })
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let names = (0..self.hosts).map(|host| self.host(host)).chain([self.hub()]);
        for name in names {
            // One that was never made cannot be deleted, and that is all right.
            let _ = Command::new("ip").args(["netns", "delete", &name]).stderr(Stdio::null()).status();
        }
    }
}

fn address(host: usize) -> String {
    format!("10.77.0.{}", host + 1)
}

fn limit(namespace: &str, device: &str, mbit: u64) -> anyhow::Result<()> {
    let bucket = format!("qdisc add dev {device} root tbf rate {mbit}mbit burst 64kb latency 50ms");
    command("tc", &format!("-n {namespace} {bucket}"))
}

fn ip(arguments: &str) -> anyhow::Result<()> {
    command("ip", arguments)
}

fn command(program: &str, arguments: &str) -> anyhow::Result<()> {
    let status = Command::new(program).args(arguments.split(' ')).status().context("iproute2 is installed")?;
    ensure!(status.success(), "{program} {arguments} failed; this needs Linux and root");
    Ok(())
}
