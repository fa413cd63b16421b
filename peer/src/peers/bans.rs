//! Peers that sent bad data, and the time at which each ban ends. The logic has no clock: callers pass the time.
//! `bans.json` in the state directory keeps the bans for the next run.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use sprat_protocol::PeerId;
use sprat_store::disk::atomic::replace;

use crate::state::state_dir::StateDir;

/// Duration of a ban.
const BAN: Duration = Duration::from_secs(60 * 60);
/// Maximum number of bans that are remembered; beyond it the oldest are dropped.
const MAX_BANS: usize = 10_000;
const FILE: &str = "bans.json";

/// Banned peers, each with the end of its ban. Times are those of the monotonic clock, which nobody can set.
#[derive(Debug, Default)]
pub(crate) struct Bans(HashMap<PeerId, Instant>);

/// Bans in the form in which `bans.json` stores them.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BanList {
    bans: Vec<Ban>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    peer_id: PeerId,
    /// End of the ban, in seconds since 1970.
    until: u64,
}

impl Bans {
    /// Bans this peer from now on.
    pub(crate) fn ban(&mut self, now: Instant, peer_id: PeerId) {
        self.insert(now, peer_id, BAN);
    }

    /// Returns whether this peer is banned now.
    pub(crate) fn is_banned(&self, now: Instant, peer_id: &PeerId) -> bool {
        self.0.get(peer_id).is_some_and(|until| now < *until)
    }

    /// Converts the bans to the form that is stored, without those that are over.
    pub(crate) fn list(&self, now: Instant, wall: SystemTime) -> BanList {
        let banned = self.0.iter().filter(|(_, until)| now < **until);
        let with_time = banned.map(|(id, until)| Ban { peer_id: *id, until: since_1970(wall + (*until - now)) });
        let mut bans: Vec<Ban> = with_time.collect();
        bans.sort_unstable();
        BanList { bans }
    }

    /// Restores stored bans. No restored ban lasts longer than a new one, even if the clock was set back since.
    pub(crate) fn restored(list: &BanList, now: Instant, wall: SystemTime) -> Self {
        let mut restored = Self::default();
        let wall = since_1970(wall);
        for Ban { peer_id, until } in &list.bans {
            let left = Duration::from_secs(until.saturating_sub(wall)).min(BAN);
            if !left.is_zero() {
                restored.insert(now, *peer_id, left);
            }
        }
        restored
    }

    fn insert(&mut self, now: Instant, peer_id: PeerId, left: Duration) {
        if self.0.len() >= MAX_BANS {
            self.0.retain(|_, until| *until > now);
        }
        if self.0.len() >= MAX_BANS
            && let Some(oldest) = self.0.iter().min_by_key(|(_, until)| **until).map(|(id, _)| *id)
        {
            self.0.remove(&oldest);
        }
        self.0.insert(peer_id, now + left);
    }
}

impl BanList {
    /// Reads the bans that the last run stored; blocks. A file that cannot be read or parsed counts as empty.
    pub(crate) fn load(state: &StateDir) -> Self {
        let path = state.file(FILE);
        let read = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::default(),
            read => read.map_err(|error| error.to_string()),
        };
        let list = read.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
        list.unwrap_or_else(|error| {
            tracing::warn!(path = %path.display(), error, "can't read who was banned; nobody is");
            Self::default()
        })
    }

    /// Stores the bans, wholly or not at all; blocks.
    pub(crate) fn save(&self, state: &StateDir) {
        let path = state.file(FILE);
        let json = serde_json::to_vec(self).expect("a list of names and numbers is JSON");
        if let Err(error) = replace(&path, &json) {
            tracing::warn!(path = %path.display(), %error, "can't write down who is banned");
        }
    }
}

fn since_1970(wall: SystemTime) -> u64 {
    wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn peer(n: u16) -> PeerId {
        let mut key = [0; 32];
        key[..2].copy_from_slice(&n.to_be_bytes());
        PeerId::new(key)
    }

    #[test]
    fn a_ban_ends_by_itself_also_after_a_restart() {
        let (now, wall) = (Instant::now(), SystemTime::UNIX_EPOCH + 1000 * MINUTE);
        let mut bans = Bans::default();
        bans.ban(now, peer(1));
        assert!(bans.is_banned(now, &peer(1)) && !bans.is_banned(now, &peer(2)));
        assert!(!bans.is_banned(now + 60 * MINUTE, &peer(1)));
        let list = bans.list(now + 20 * MINUTE, wall + 20 * MINUTE);
        let restored = Bans::restored(&list, now, wall + 40 * MINUTE);
        assert!(restored.is_banned(now + 19 * MINUTE, &peer(1)));
        assert!(!restored.is_banned(now + 21 * MINUTE, &peer(1)));
        assert_eq!(bans.list(now + 60 * MINUTE, wall), BanList::default(), "what is over is not written down");
    }

    #[test]
    fn a_clock_that_jumps_makes_no_ban_longer() {
        let (now, wall) = (Instant::now(), SystemTime::UNIX_EPOCH + 1_000_000 * MINUTE);
        let mut bans = Bans::default();
        bans.ban(now, peer(1));
        let list = bans.list(now, wall);
        let restored = Bans::restored(&list, now, SystemTime::UNIX_EPOCH);
        assert!(restored.is_banned(now, &peer(1)) && !restored.is_banned(now + 60 * MINUTE, &peer(1)));
        let forged = BanList { bans: vec![Ban { peer_id: peer(1), until: u64::MAX }] };
        assert!(!Bans::restored(&forged, now, wall).is_banned(now + 60 * MINUTE, &peer(1)));
    }

    #[test]
    fn only_so_many_are_remembered_and_the_oldest_go() {
        let now = Instant::now();
        let mut bans = Bans::default();
        for n in 0..=MAX_BANS as u16 {
            bans.ban(now + Duration::from_millis(n.into()), peer(n));
        }
        assert_eq!(bans.0.len(), MAX_BANS);
        let later = now + MINUTE;
        assert!(!bans.is_banned(later, &peer(0)) && bans.is_banned(later, &peer(MAX_BANS as u16)));
        let list = bans.list(later, SystemTime::UNIX_EPOCH);
        assert_eq!(Bans::restored(&list, later, SystemTime::UNIX_EPOCH).0.len(), MAX_BANS);
    }

    #[test]
    fn what_is_saved_is_loaded_and_what_is_damaged_is_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        assert_eq!(BanList::load(&state), BanList::default());
        let list = BanList { bans: vec![Ban { peer_id: peer(7), until: 123 }] };
        list.save(&state);
        assert_eq!(BanList::load(&state), list);
        fs::write(dir.path().join(FILE), "{\"bans\":[{}]}").unwrap();
        assert_eq!(BanList::load(&state), BanList::default());
    }
}
