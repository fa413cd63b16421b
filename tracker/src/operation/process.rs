//! Numbers of the process, under the names that Prometheus' own libraries give them.

use std::fs;
use std::sync::atomic::AtomicU64;

use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// Ticks of the clock in which Linux tells programs how long they computed (`USER_HZ`), which are so many a second everywhere.
const TICKS_PER_SECOND: f64 = 100.0;

/// Numbers of the process. Those that the system does not tell stay at 0.
#[derive(Debug, Default)]
pub(super) struct ProcessMetrics {
    cpu: Counter<f64, AtomicU64>,
    /// Held by whoever brings the counter up to date.
    reading: Mutex<()>,
    resident: Gauge,
    open_files: Gauge,
    max_files: Gauge,
}

impl ProcessMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Time that its threads computed";
        registry.register_with_unit("process_cpu", help, Unit::Seconds, self.cpu.clone());
        registry.register_with_unit(
            "process_resident_memory",
            "Memory that it has",
            Unit::Bytes,
            self.resident.clone(),
        );
        registry.register("process_open_fds", "Open files and connections", self.open_files.clone());
        registry.register("process_max_fds", "Files and connections that it may open", self.max_files.clone());
    }

    /// Asks the system for the numbers of now.
    pub(super) fn read(&self) {
        if let Some(seconds) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(cpu_seconds) {
            let _turn = self.reading.lock();
            self.cpu.inc_by((seconds - self.cpu.get()).max(0.0));
        }
        if let Some(bytes) = fs::read_to_string("/proc/self/status").ok().as_deref().and_then(resident_bytes) {
            self.resident.set(bytes);
        }
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            // One of them is the folder itself.
            self.open_files.set(i64::try_from(files.count()).unwrap_or(i64::MAX) - 1);
        }
        #[cfg(unix)]
        if let Some(limit) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
            self.max_files.set(i64::try_from(limit).unwrap_or(i64::MAX));
        }
    }
}

/// User and system time in `/proc/self/stat`: the 14th and 15th field, of which the second, in parentheses, may have spaces.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (fields.next()?.ok()?, fields.next()?.ok()?);
    Some((user + system) as f64 / TICKS_PER_SECOND)
}

fn resident_bytes(status: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<i64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_tells_is_read() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194304 100 0 0 0 250 150 0 0 20 0 4 0 100 1000 10";
        assert_eq!(cpu_seconds(stat), Some(4.0));
        assert_eq!(cpu_seconds("7 (a) S 1"), None);
        assert_eq!(resident_bytes("Name:\ta\nVmRSS:\t     12 kB\n"), Some(12 * 1024));
        assert_eq!(resident_bytes("Name:\ta\n"), None);
    }
}
