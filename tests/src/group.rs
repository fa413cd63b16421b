//! A control group: processes that have so much memory and no more (Linux, as root).

use std::path::{Path, PathBuf};
use std::process::Command;

/// A control group, which goes with this value once nothing runs in it.
#[derive(Debug)]
pub struct ControlGroup(PathBuf);

impl ControlGroup {
    /// Makes a group with so much memory, in bytes, where the system lets one make it.
    pub fn new(bytes: u64) -> Option<Self> {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("sprat-{}-{number}", std::process::id());
        for (root, limit) in [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")] {
            let dir = Path::new(root).join(&name);
            if std::fs::create_dir(&dir).is_ok() {
                // In a folder that is no control group there is no such file, and none is to be made.
                if dir.join(limit).exists() && std::fs::write(dir.join(limit), bytes.to_string()).is_ok() {
                    return Some(Self(dir));
                }
                let _ = std::fs::remove_dir(&dir);
            }
        }
        None
    }

    /// A command that runs this program in the group.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", r#"echo $$ > "$0/cgroup.procs" && exec "$@""#]).arg(&self.0).arg(program);
        command
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}
