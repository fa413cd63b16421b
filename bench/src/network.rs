//! Hosts of our own: network namespaces on a bridge, each with a cable whose speed may be limited. Linux only, as root.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::process::Process;

/// Hosts on a bridge, which itself is in a namespace of its own: nothing outside is touched. All go with this value.
pub(crate) struct Network {
    prefix: String,
    hosts: usize,
    /// For temporary files: what is killed leaves some behind.
    temporary: tempfile::TempDir,
}

impl Network {
    /// One host for each cable, which carries so many Mbit/s each way, or whatever the machine can where there is none.
    pub(crate) fn new(cables: &[Option<u64>]) -> anyhow::Result<Self> {
        let prefix = format!("sprat{}", std::process::id());
        let network = Self { prefix, hosts: cables.len(), temporary: tempfile::tempdir()? };
        let hub = network.hub();
        ip(&format!("netns add {hub}"))?;
        ip(&format!("-n {hub} link add bridge type bridge"))?;
        ip(&format!("-n {hub} link set bridge up"))?;
        for (host, cable) in cables.iter().enumerate() {
            let name = network.host(host);
            ip(&format!("netns add {name}"))?;
            ip(&format!("-n {hub} link add port{host} type veth peer name eth0 netns {name}"))?;
            ip(&format!("-n {hub} link set port{host} master bridge up"))?;
            ip(&format!("-n {name} addr add {}/24 dev eth0", address(host)))?;
            ip(&format!("-n {name} link set lo up"))?;
            ip(&format!("-n {name} link set eth0 up"))?;
            if let Some(mbit) = cable {
                limit(&hub, &format!("port{host}"), *mbit)?;
                limit(&name, "eth0", *mbit)?;
            }
        }
        Ok(network)
    }

    /// Starts a program on this host.
    pub(crate) fn start<'a>(
        &self,
        host: usize,
        program: &Path,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> anyhow::Result<Process> {
        let mut command = self.command(host, program);
        Process::start(command.args(arguments))
    }

    /// A program that is to run on this host; `ip` becomes it, so that its process ID is that of the program.
    pub(crate) fn command(&self, host: usize, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.host(host)]).arg(program).env("TMPDIR", self.temporary.path());
        command
    }

    /// Does something on this host, in a thread that moves there.
    pub(crate) fn on<T: Send + 'static>(
        &self,
        host: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        let namespace = std::fs::File::open(format!("/run/netns/{}", self.host(host)))?;
        let there = std::thread::spawn(move || {
            move_to(&namespace)?;
            anyhow::Ok(work())
        });
        there.join().map_err(|_| anyhow::anyhow!("what was done on host {host} panicked"))?
    }

    /// Gives this host another address in the place of the one that it has; gives the new one. Connections over the old one are
    /// told nothing, as when a lease of DHCP is over.
    pub(crate) fn change_address(&self, host: usize) -> anyhow::Result<String> {
        let (name, new) = (self.host(host), address(host + 100));
        ip(&format!("-n {name} addr del {}/24 dev eth0", address(host)))?;
        ip(&format!("-n {name} addr add {new}/24 dev eth0"))?;
        Ok(new)
    }

    /// Number of TCP segments that have come to this host.
    pub(crate) fn segments_received(&self, host: usize) -> anyhow::Result<u64> {
        // Not /proc/self, which is the first thread's.
        let table = self.on(host, || std::fs::read_to_string("/proc/thread-self/net/snmp"))??;
        let mut lines = table.lines().filter(|line| line.starts_with("Tcp:"));
        let (names, values) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let mut both = names.split_whitespace().zip(values.split_whitespace());
        let segments = both.find(|(name, _)| *name == "InSegs").context("the system counts what comes")?.1;
        Ok(segments.parse()?)
    }

    fn hub(&self) -> String {
        format!("{}-hub", self.prefix)
    }

    fn host(&self, host: usize) -> String {
        format!("{}-{host}", self.prefix)
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

/// Moves this thread, and no other.
#[cfg(target_os = "linux")]
fn move_to(namespace: &std::fs::File) -> anyhow::Result<()> {
    use std::os::fd::AsFd;

    use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

    Ok(move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?)
}

#[cfg(not(target_os = "linux"))]
fn move_to(_: &std::fs::File) -> anyhow::Result<()> {
    anyhow::bail!("hosts of our own need Linux")
}

/// The address of a host.
pub(crate) fn address(host: usize) -> String {
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
