//! Time and memory that a process used, by the system's own account.

use std::fs;

/// Time and memory that a process has used so far; zeros where the system does not tell.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Seconds of CPU, user and system, with those of its children that have ended.
    pub(crate) cpu: f64,
    /// Peak resident memory in MiB; 0 of a process that has ended.
    pub(crate) rss: f64,
}

impl Usage {
    /// Usage of this process.
    pub(crate) fn of_this_process() -> Self {
        Self::of(std::process::id())
    }

    /// Reads `/proc` about this process, which may have ended but not been reaped.
    pub(crate) fn of(pid: u32) -> Self {
        let fields = stat(pid);
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
        Self { cpu: (11..15).map(ticks).sum::<f64>() / 100.0, rss: memory(pid, "VmHWM:") }
    }

    /// Memory that this process has now, in MiB.
    pub(crate) fn resident() -> f64 {
        memory(std::process::id(), "VmRSS:")
    }

    /// Value of one line of a process's status, in MiB.
    pub(crate) fn memory_of(pid: u32, line: &str) -> f64 {
        memory(pid, line)
    }

    /// The processes that this one started and that still run.
    pub(crate) fn children_of(pid: u32) -> Vec<u32> {
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|child| stat(*child).get(1).and_then(|parent| parent.parse().ok()) == Some(pid)).collect()
    }

    /// Returns true if a process has ended, reaped or not.
    pub(crate) fn has_ended(pid: u32) -> bool {
        matches!(stat(pid).first().map(String::as_str), None | Some("Z" | "X"))
    }
}

/// A line of `/proc/<pid>/status` that tells KiB, in MiB.
fn memory(pid: u32, line: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let value = status.lines().find_map(|other| other.strip_prefix(line));
    let kib = value.and_then(|value| value.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

/// The fields of `/proc/<pid>/stat` that come after the name, its state first (`proc_pid_stat(5)`).
fn stat(pid: u32) -> Vec<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().unwrap_or_default().split_whitespace().map(ToOwned::to_owned).collect()
}
