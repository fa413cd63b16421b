//! Size of a benchmark of one file.

use std::path::PathBuf;

/// Options of benchmarks of one file.
#[derive(clap::Args)]
pub(crate) struct Load {
    /// Size of the file in MiB
    #[arg(long, default_value_t = 1024)]
    pub(crate) mib: u64,
    /// Number of runs; the best one counts
    #[arg(long, default_value_t = 3)]
    pub(crate) runs: u32,
    /// Folder on the disk to measure with
    #[arg(long, default_value = ".")]
    pub(crate) dir: PathBuf,
}
