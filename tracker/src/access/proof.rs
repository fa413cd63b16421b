//! Proof that a REGISTER is the word of the peer that it names: said to this tracker, now, and heard for the first
//! time.
//!
//! A REGISTER that was overheard is of no use to whoever sends it again: its nonce is remembered for as long as its time would
//! be accepted, and what was said before this tracker started, when nonces were not yet remembered, is too old. A peer whose
//! clock is wrong is told the time, and signs anew.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sprat_protocol::tracker::{MAX_CLOCK_SKEW, NotSigned, Register, Signature};

use crate::model::moment::Now;

/// Time for which a nonce is remembered at least: from the earliest to the latest moment in which its time is accepted.
pub const REMEMBERED: Duration = Duration::from_secs(2 * MAX_CLOCK_SKEW);
/// Upper bound of the nonces that are remembered, for at most twice that time, before no more are taken: about 80 MB of
/// them.
const MAX_NONCES: usize = 4_000_000;
/// Number of parts that nonces are kept in: a part that grows is copied, and whoever registers meanwhile waits for it.
const PARTS: usize = 64;

/// Body and signature of a REGISTER.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The body as it was sent.
    pub body: &'a [u8],
    /// The text of the signature, if there is one.
    pub signature: Option<&'a str>,
}

/// Reason why a REGISTER is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The signature is missing or wrong.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
    /// The message names another tracker.
    #[error("this was signed for another tracker; use one of the addresses that this tracker goes by")]
    OtherTracker,
    /// The message was signed at another time than now.
    #[error("this was signed too long ago or in the future; the time here is {now} seconds since 1970")]
    WrongTime {
        /// The tracker's time in seconds since 1970 (UTC).
        now: u64,
    },
    /// The message was heard before.
    #[error("this message was heard before; sign each one anew")]
    Replayed,
    /// Peers register in too great a number at this time.
    #[error("too many peers register at this time; try again later")]
    Busy,
}

impl ProofError {
    /// Kinds of all errors, for metrics.
    pub(crate) const KINDS: [&str; 5] = ["not_signed", "other_tracker", "wrong_time", "replayed", "busy"];

    /// Names the kind of the error.
    pub(crate) fn kind(&self) -> &'static str {
        let [not_signed, other_tracker, wrong_time, replayed, busy] = Self::KINDS;
        match self {
            Self::NotSigned(_) => not_signed,
            Self::OtherTracker => other_tracker,
            Self::WrongTime { .. } => wrong_time,
            Self::Replayed => replayed,
            Self::Busy => busy,
        }
    }
}

/// Checks what peers sign to this process; whether they said the same to another one that shares its store, the store knows.
#[derive(Debug)]
pub struct Proofs {
    /// Names of this tracker; empty if it answers to every name.
    names: Vec<String>,
    /// Its clock is read once: set back, it would have every REGISTER come from before the start; set on, from long ago.
    started: Now,
    /// A nonce and who used it are remembered as their hash, whose key nobody else has. That another one's hash is the same is
    /// less likely than one in a trillion; its peer would sign anew.
    hasher: RandomState,
    nonces: Box<[Mutex<Nonces>]>,
}

/// The nonces of this period and of the one before.
#[derive(Debug)]
struct Nonces {
    since: Instant,
    recent: HashSet<u64>,
    older: HashSet<u64>,
}

impl Proofs {
    /// Believes what is said from now on to a tracker of one of these names: host and port as peers dial them. Without
    /// any, to a tracker of any name.
    pub fn new(names: Vec<String>, now: Now) -> Self {
        let part = |_| Mutex::new(Nonces { since: now.instant, recent: HashSet::new(), older: HashSet::new() });
        let nonces = (0..PARTS).map(part).collect();
        Self { names, started: now, hasher: RandomState::new(), nonces }
    }

    /// Returns the names of this tracker; none if it answers to every name.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Checks a REGISTER. What passes once does not pass again.
    ///
    /// # Errors
    /// [`ProofError`] says what is wrong with it.
    pub fn check(&self, now: Now, register: &Register, proof: Proof<'_>) -> Result<(), ProofError> {
        let is_named = |name: &String| name.eq_ignore_ascii_case(&register.tracker);
        if !self.names.is_empty() && !self.names.iter().any(is_named) {
            return Err(ProofError::OtherTracker);
        }
        let time = self.time(now.instant);
        if register.time < self.started.unix_seconds || register.time.abs_diff(time) > MAX_CLOCK_SKEW {
            return Err(ProofError::WrongTime { now: time });
        }
        let signature: Signature = proof.signature.ok_or(NotSigned)?.parse()?;
        signature.verify(register.peer_id, proof.body)?;
        let nonce = self.hasher.hash_one((register.peer_id, register.nonce));
        self.nonces[(nonce % PARTS as u64) as usize].lock().note(now.instant, nonce)
    }

    /// Seconds since 1970, whatever became of the clock since the start. Peers that disagree are told, and keep to it.
    fn time(&self, now: Instant) -> u64 {
        self.started.unix_seconds + now.saturating_duration_since(self.started.instant).as_secs()
    }
}

impl Nonces {
    fn note(&mut self, now: Instant, nonce: u64) -> Result<(), ProofError> {
        if now.saturating_duration_since(self.since) >= REMEMBERED {
            self.since = now;
            self.older = std::mem::take(&mut self.recent);
        }
        if self.older.contains(&nonce) || self.recent.contains(&nonce) {
            return Err(ProofError::Replayed);
        }
        if self.older.len() + self.recent.len() >= MAX_NONCES / PARTS {
            return Err(ProofError::Busy);
        }
        self.recent.insert(nonce);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use sprat_protocol::Identity;
    use sprat_protocol::tracker::Nonce;

    use super::*;

    const TIME: u64 = 1_790_000_000;

    struct World {
        proofs: Proofs,
        now: Now,
        identity: Identity,
    }

    impl World {
        fn new(names: &[&str]) -> Self {
            let now = Now { instant: Instant::now(), unix_seconds: TIME };
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            Self { proofs: Proofs::new(names, now), now, identity: Identity::from_seed([1; 32]) }
        }

        fn wait(&mut self, seconds: u64) {
            self.now.instant += Duration::from_secs(seconds);
            self.now.unix_seconds += seconds;
        }

        fn register(&self, time: u64, nonce: u128) -> Register {
            let (peer_id, tracker) = (self.identity.peer_id(), "tracker.example:5000".to_owned());
            Register { peer_id, port: 1, addresses: vec![], files: vec![], tracker, time, nonce: Nonce(nonce) }
        }

        fn say(&self, register: &Register) -> Result<(), ProofError> {
            let body = serde_json::to_vec(register).unwrap();
            let signature = Signature::new(&self.identity, &body).to_string();
            self.proofs.check(self.now, register, Proof { body: &body, signature: Some(&signature) })
        }
    }

    #[test]
    fn a_message_is_believed_once() {
        let mut world = World::new(&[]);
        let register = world.register(TIME, 1);
        assert_eq!(world.say(&register), Ok(()));
        for _ in 0..4 * MAX_CLOCK_SKEW {
            let error = world.say(&register).unwrap_err();
            let in_time = world.now.unix_seconds - TIME <= MAX_CLOCK_SKEW;
            let expected =
                if in_time { ProofError::Replayed } else { ProofError::WrongTime { now: world.now.unix_seconds } };
            assert_eq!(error, expected);
            world.wait(1);
        }
    }

    #[test]
    fn a_message_from_the_future_is_not_believed_again_when_its_time_has_come() {
        let mut world = World::new(&[]);
        // Just before the nonces of this period become older ones.
        world.wait(REMEMBERED.as_secs() - 1);
        let register = world.register(world.now.unix_seconds + MAX_CLOCK_SKEW, 1);
        assert_eq!(world.say(&register), Ok(()));
        for nonce in 2..2 * MAX_CLOCK_SKEW {
            world.wait(1);
            assert_eq!(world.say(&world.register(world.now.unix_seconds, nonce.into())), Ok(()), "others register");
            assert!(world.say(&register).is_err(), "{nonce}");
        }
    }

    #[test]
    fn what_was_said_before_the_start_or_at_another_time_is_refused() {
        let mut world = World::new(&[]);
        let wrong = |now| Err(ProofError::WrongTime { now });
        assert_eq!(world.say(&world.register(TIME - 1, 1)), wrong(TIME));
        assert_eq!(world.say(&world.register(TIME + MAX_CLOCK_SKEW + 1, 1)), wrong(TIME));
        assert_eq!(world.say(&world.register(u64::MAX, 1)), wrong(TIME));
        assert_eq!(world.say(&world.register(TIME + MAX_CLOCK_SKEW, 1)), Ok(()));
        world.wait(MAX_CLOCK_SKEW + 1);
        assert_eq!(world.say(&world.register(TIME, 2)), wrong(TIME + MAX_CLOCK_SKEW + 1));
        assert_eq!(world.say(&world.register(TIME + 1, 2)), Ok(()));
    }

    #[test]
    fn a_clock_that_jumps_keeps_nobody_out_and_lets_nothing_in_again() {
        let mut world = World::new(&[]);
        let before = world.register(TIME, 1);
        assert_eq!(world.say(&before), Ok(()));
        world.wait(10);
        for jumped in [TIME - 3600, TIME + 3600, 0, u64::MAX] {
            world.now.unix_seconds = jumped;
            assert_eq!(world.say(&world.register(TIME + 10, jumped.into())), Ok(()), "{jumped}");
            assert_eq!(world.say(&before), Err(ProofError::Replayed));
        }
    }

    #[test]
    fn a_named_tracker_hears_only_what_is_for_it() {
        assert_eq!(World::new(&["Tracker.Example:5000"]).say(&World::new(&[]).register(TIME, 1)), Ok(()));
        let other = World::new(&["tracker.example", "tracker.example:443"]);
        assert_eq!(other.say(&other.register(TIME, 1)), Err(ProofError::OtherTracker));
    }

    /// Past the limit nothing more is taken until the oldest are forgotten, and what is remembered stays refused.
    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let start = Instant::now();
        let mut nonces = Nonces { since: start, recent: HashSet::new(), older: HashSet::new() };
        let most = (MAX_NONCES / PARTS) as u64;
        assert!((0..most).all(|nonce| nonces.note(start, nonce).is_ok()));
        assert_eq!(nonces.note(start, most), Err(ProofError::Busy));
        assert_eq!(nonces.note(start, 0), Err(ProofError::Replayed));
        let (later, last) = (start + REMEMBERED, start + 2 * REMEMBERED);
        assert_eq!(
            nonces.note(later, most),
            Err(ProofError::Busy),
            "they are the older ones now, and still remembered"
        );
        assert_eq!(nonces.note(last, most), Ok(()));
    }

    /// As each is remembered for up to twice [`REMEMBERED`], ten networks do not fill all the room.
    #[test]
    fn one_network_takes_little_of_the_room_for_nonces() {
        let per_minute = u64::from(crate::config::Limits::default().registers_per_minute.get());
        let most = per_minute * (2 * REMEMBERED.as_secs() / 60 + 1);
        assert!(most * 10 <= MAX_NONCES as u64, "{most}");
    }

    #[test]
    fn a_message_without_its_signature_is_not_believed() {
        let world = World::new(&[]);
        let register = world.register(TIME, 1);
        let body = serde_json::to_vec(&register).unwrap();
        for signature in [None, Some(""), Some("00"), Some(&*"0".repeat(128))] {
            let checked = world.proofs.check(world.now, &register, Proof { body: &body, signature });
            assert_eq!(checked, Err(ProofError::NotSigned(NotSigned)), "{signature:?}");
        }
        assert_eq!(world.say(&register), Ok(()), "a forged message uses up no nonce");
    }

    /// 10,000 mutations of a good message, each of the body, of the signature, or of who is said to have signed.
    #[test]
    fn no_forgery_passes() {
        let world = World::new(&[]);
        let mut rng = StdRng::seed_from_u64(9);
        let good = serde_json::to_vec(&world.register(TIME, 1)).unwrap();
        let signature = Signature::new(&world.identity, &good).to_string();
        let mut read = 0;
        for _ in 0..10_000 {
            let (mut body, mut signature) = (good.clone(), signature.clone().into_bytes());
            match rng.random_range(0..3) {
                0 => body[rng.random_range(0..good.len())] = rng.random_range(b' '..=b'~'),
                1 => signature[rng.random_range(0..128)] = b"0123456789abcdef"[rng.random_range(0..16)],
                _ => {
                    let at = rng.random_range(0..good.len());
                    body.truncate(at);
                    body.extend_from_slice(&good[rng.random_range(0..good.len())..]);
                }
            }
            let Ok(register) = serde_json::from_slice::<Register>(&body) else { continue };
            let signature = str::from_utf8(&signature).unwrap();
            if (body.as_slice(), signature) == (&good, &Signature::new(&world.identity, &good).to_string()) {
                continue;
            }
            read += 1;
            assert!(
                world.proofs.check(world.now, &register, Proof { body: &body, signature: Some(signature) }).is_err()
            );
        }
        assert!(read > 3000, "only {read} of them could be read at all");
    }
}
