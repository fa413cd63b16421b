//! File descriptors: how many this process may have, and how many of them connections may take.

/// File descriptors that connections leave for all else: 64 connections that are about to end, 64 to where metrics are served,
/// 64 calls to peers, and what is left for files, listeners and a cluster.
const RESERVE: u64 = 256;

/// Raises the number of file descriptors that this process may have to the most that it may ask for, and returns it; none
/// where there is no bound.
#[cfg(unix)]
pub fn raise_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
            Ok(()) => return limit.maximum,
            Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
        }
    }
    limit.current
}

/// Returns none: there is no such limit on this system.
#[cfg(not(unix))]
pub fn raise_limit() -> Option<u64> {
    None
}

/// Number of connections for which this many file descriptors are enough, with all else that needs some.
pub fn connections(limit: u64) -> usize {
    usize::try_from(limit.saturating_sub(RESERVE).max(limit / 2)).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_some_for_all_else() {
        assert_eq!([0, 64, 256, 1024, 65_536].map(connections), [1, 32, 128, 768, 65_280]);
    }
}
