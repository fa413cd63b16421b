//! Commands to the slots of files.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use redis::Value;
use sprat_chunking::FileId;
use sprat_protocol::PeerId;

use super::cache::{Answers, Known, Source};
use super::encoding::{Whereabouts, layout_from_bytes, layout_to_bytes};
use super::keys::Keys;
use super::reading::read;
use super::router::{Router, SlotCall};
use super::scripts;
use super::times::LeaseTimes;
use super::totals::Estimate;
use crate::config::Limits;
use crate::model::error::{FileRefusal, Unavailable};
use crate::model::holding::{Accepted, Claim, Offer, Share, Summary};

/// Result of a look-up of a file.
pub(super) enum Lookup {
    /// Somebody holds it, or did when it could last be looked up.
    Known {
        known: Arc<Known>,
        is_stale: bool,
    },
    /// The file is unknown: nobody holds it.
    Unknown,
    Unavailable,
}

/// The slots of files: who holds each of them, and what they say of it.
#[derive(Debug)]
pub(super) struct FileSlots {
    router: Arc<Router>,
    keys: Keys,
    times: LeaseTimes,
    limits: Limits,
    estimate: Arc<Estimate>,
    answers: Answers,
}

impl FileSlots {
    pub(super) fn new(
        router: Arc<Router>,
        keys: Keys,
        times: LeaseTimes,
        limits: Limits,
        estimate: Arc<Estimate>,
    ) -> Self {
        Self { router, keys, times, limits, estimate, answers: Answers::new() }
    }

    /// Adds a peer to the swarms of what it offers, and tells each offer what became of it.
    pub(super) async fn add(&self, peer_id: PeerId, place: &[u8], offers: &mut [&mut Offer]) {
        let totals = self.estimate.totals();
        let room_for_file = totals.files < self.limits.files;
        let room_for_entry = totals.seeders + totals.leechers < self.limits.holdings;
        let calls = offers.iter().map(|offer| {
            let Share { file_id, claim, complete } = &offer.share;
            SlotCall::script(&scripts::ADD, &self.keys.file(*file_id))
                .arg(peer_id.as_bytes())
                .arg(place)
                .arg(&*claim.name)
                .arg(&layout_to_bytes(claim.layout))
                .arg(*complete)
                .arg(self.times.entry)
                .arg(self.limits.peers_per_swarm)
                .arg(room_for_file)
                .arg(room_for_entry)
        });
        let answers = self.router.call_all(calls.collect()).await;
        self.answers.outdate(offers.iter().map(|offer| &offer.share.file_id));
        for (offer, answer) in offers.iter_mut().zip(answers) {
            offer.outcome = answer.map_err(FileRefusal::from).and_then(read_added);
        }
    }

    /// Renews what a peer holds of these files, and marks it as complete if it is. Says of each whether it was there.
    pub(super) async fn renew(
        &self,
        peer_id: PeerId,
        place: &[u8],
        file_ids: &[FileId],
        complete: bool,
    ) -> Vec<Result<bool, Unavailable>> {
        let calls = file_ids.iter().map(|file_id| {
            SlotCall::script(&scripts::RENEW, &self.keys.file(*file_id))
                .arg(peer_id.as_bytes())
                .arg(place)
                .arg(self.times.entry)
                .arg(complete)
        });
        let answers = self.router.call_all(calls.collect()).await;
        if complete {
            self.answers.outdate(file_ids);
        }
        answers.into_iter().map(|answer| read(answer?)).collect()
    }

    /// Takes a peer out of these swarms. Says of each whether that could be done.
    pub(super) async fn leave(&self, peer_id: PeerId, file_ids: &[FileId]) -> Vec<Result<(), Unavailable>> {
        let call = |file_id| SlotCall::script(&scripts::LEAVE, &self.keys.file(file_id)).arg(peer_id.as_bytes());
        let answers = self.router.call_all(file_ids.iter().copied().map(call).collect()).await;
        self.answers.outdate(file_ids);
        answers.into_iter().map(|answer| answer.map(drop)).collect()
    }

    /// Looks up these files: as of a moment ago, or as of earlier if their slots are away. Up to `sample` of the
    /// seeders of each and as many leechers are drawn; without any, what is found out is not kept.
    pub(super) async fn look_up(&self, now: Instant, file_ids: &[FileId], sample: usize) -> Vec<Lookup> {
        let fresh: Vec<_> = file_ids.iter().map(|file_id| self.answers.fresh(*file_id, now)).collect();
        let open = file_ids.iter().zip(&fresh).filter(|(_, known)| known.is_none());
        let calls = open.map(|(file_id, _)| {
            let call = SlotCall::script(&scripts::LOOK_UP, &self.keys.file(*file_id));
            call.arg(sample).arg(rand::random::<u32>())
        });
        let mut answers = self.router.call_all(calls.collect()).await.into_iter();
        let lookups = file_ids.iter().zip(fresh).map(|(file_id, known)| match known {
            Some(known) => Lookup::Known { known, is_stale: false },
            None => self.read_lookup(now, *file_id, sample, answers.next().unwrap_or(Err(Unavailable))),
        });
        lookups.collect()
    }

    /// Says of each of these files whether a peer has all of it.
    pub(super) async fn seeds(&self, peer_id: PeerId, file_ids: &[FileId]) -> Vec<bool> {
        let call = |file_id| SlotCall::new("ZSCORE", &self.keys.file(file_id)[0]).arg(peer_id.as_bytes());
        let answers = self.router.call_all(file_ids.iter().copied().map(call).collect()).await;
        let score = |answer: Result<Value, Unavailable>| read::<Option<f64>>(answer?);
        answers.into_iter().map(|answer| score(answer).is_ok_and(|score| score.is_some_and(|at| at > 0.0))).collect()
    }

    /// Notes that these files are no longer what they were.
    pub(super) fn outdate(&self, file_ids: &[FileId]) {
        self.answers.outdate(file_ids);
    }

    /// Forgets a file.
    pub(super) async fn forget(&self, file_id: FileId) -> Result<(), Unavailable> {
        let [swarm, notes] = self.keys.file(file_id);
        self.router.call(SlotCall::new("DEL", &swarm).arg(&notes.name)).await?;
        self.answers.remove(file_id);
        Ok(())
    }

    fn read_lookup(&self, now: Instant, file_id: FileId, sample: usize, answer: Result<Value, Unavailable>) -> Lookup {
        match answer.and_then(|answer| read_known(now, answer)) {
            Ok(Some(known)) => {
                let known = Arc::new(known);
                if sample > 0 {
                    self.answers.put(file_id, known.clone());
                }
                Lookup::Known { known, is_stale: false }
            }
            Ok(None) => {
                self.answers.remove(file_id);
                Lookup::Unknown
            }
            Err(Unavailable) => match self.answers.stale(file_id, now) {
                Some(known) => Lookup::Known { known, is_stale: true },
                None => Lookup::Unavailable,
            },
        }
    }
}

/// Reads the answer of `add.lua`.
fn read_added(answer: Value) -> Result<Accepted, FileRefusal> {
    if let Value::BulkString(refusal) = &answer {
        return match refusal.as_slice() {
            b"SWARM_FULL" => Err(FileRefusal::SwarmFull),
            _ => Err(FileRefusal::TrackerFull),
        };
    }
    let (layout, is_news): (Vec<u8>, bool) = read(answer)?;
    let layout = layout_from_bytes(&layout).ok_or(Unavailable)?;
    Ok(Accepted { chunk_size: layout.chunk_size(), is_news })
}

/// Reads the answer of `look_up.lua`.
fn read_known(now: Instant, answer: Value) -> Result<Option<Known>, Unavailable> {
    type Bytes = Vec<u8>;
    type Answer = (usize, usize, String, Bytes, Vec<Bytes>, Vec<Bytes>, HashMap<Bytes, Bytes>);
    let Some(answer) = read::<Option<Answer>>(answer)? else { return Ok(None) };
    let (seeders, leechers, name, layout, seeder_ids, leecher_ids, notes) = answer;
    let claim = Claim { name: name.into(), layout: layout_from_bytes(&layout).ok_or(Unavailable)? };
    let summary = Summary { claim, seeders, leechers };
    let sources = |ids: Vec<Bytes>| ids.into_iter().filter_map(|id| read_source(&id, notes.get(&id)?)).collect();
    Ok(Some(Known::new(summary, sources(seeder_ids), sources(leecher_ids), now)))
}

fn read_source(id: &[u8], note: &[u8]) -> Option<Source> {
    let peer_id = PeerId::new(id.try_into().ok()?);
    // The numbers of its votes come first, with eight bytes.
    Some(Source { peer_id, place: Whereabouts::from_bytes(note.get(8..)?)? })
}
