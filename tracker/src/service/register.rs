//! Files of a REGISTER, each from the claim of its peer to what that peer is told of it.

use sprat_chunking::{FileId, Layout};
use sprat_protocol::name::is_invisible;
use sprat_protocol::tracker::{FileOutcome, MAX_NAME_LEN, RegisterFile};

use super::refusal::{ClaimError, Refusal};
use crate::access::blocks::Blocks;
use crate::model::holding::{Accepted, Claim, Offer, Share};

/// One file of a REGISTER: an offer to the store, or the reason why it never gets there.
#[derive(Debug)]
pub(super) struct RegisteredFile {
    pub(super) file_id: FileId,
    offer: Result<Offer, ClaimError>,
}

impl RegisteredFile {
    /// Holds what a peer says of a file against itself and against what is blocked.
    pub(super) fn check(file: RegisterFile, blocks: &Blocks) -> Self {
        let file_id = file.file_id;
        let share = blocks.file(file_id).map_err(ClaimError::from).and_then(|()| check(file));
        Self { file_id, offer: share.map(Offer::new) }
    }

    /// The offer to the store, unless the file is refused.
    pub(super) fn offer(&mut self) -> Option<&mut Offer> {
        self.offer.as_mut().ok()
    }

    /// Says whether the file is offered to the store.
    pub(super) fn is_offered(&self) -> bool {
        self.offer.is_ok()
    }

    /// Refuses the file before the store is offered it.
    pub(super) fn refuse(&mut self, reason: ClaimError) {
        self.offer = Err(reason);
    }

    /// Says whether the catalogue is to be told of the file.
    pub(super) fn is_news(&self) -> bool {
        self.offer.as_ref().is_ok_and(|offer| offer.outcome.as_ref().is_ok_and(|accepted| accepted.is_news))
    }

    /// The limit, by its key, that kept the file out of the store.
    pub(super) fn limit(&self) -> Option<&'static str> {
        self.offer.as_ref().ok()?.outcome.as_ref().err()?.limit()
    }

    /// Says what became of the file. A store that has no room for it may have some after one lease.
    pub(super) fn outcome(&self, lease_seconds: u32) -> FileOutcome {
        let file_id = self.file_id;
        let (reason, retry_after) = match &self.offer {
            Ok(Offer { outcome: Ok(Accepted { chunk_size, .. }), .. }) => {
                return FileOutcome::Accepted { file_id, chunk_size: *chunk_size };
            }
            Ok(Offer { outcome: Err(refusal), .. }) => (refusal.to_string(), Some(lease_seconds)),
            Err(error) => (error.to_string(), error.retry_after()),
        };
        FileOutcome::Refused { file_id, reason, retry_after }
    }
}

/// Finds the refusal of a whole REGISTER: a limit kept out every single file of it.
pub(super) fn all_over_a_limit(files: &[FileOutcome]) -> Option<Refusal> {
    let limits = files.iter().map(|outcome| match outcome {
        FileOutcome::Refused { reason, retry_after: Some(seconds), .. } => Some((reason, *seconds)),
        _ => None,
    });
    let limits: Option<Vec<_>> = limits.collect();
    let (reason, retry_after) = limits?.into_iter().next()?;
    Some(Refusal::TooManyFiles { reason: reason.clone(), retry_after })
}

/// Holds what a peer says of a file against itself.
fn check(file: RegisterFile) -> Result<Share, ClaimError> {
    let RegisterFile { file_id, name, size, chunk_size, num_chunks, complete } = file;
    if name.is_empty() || name.len() > MAX_NAME_LEN {
        return Err(ClaimError::NameLen(name.len()));
    }
    if name.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(ClaimError::NameControl);
    }
    let layout = Layout::new(size, chunk_size)?;
    if layout.num_chunks() != num_chunks {
        return Err(ClaimError::NumChunks { expected: layout.num_chunks(), claimed: num_chunks });
    }
    Ok(Share { file_id, claim: Claim { name: name.into(), layout }, complete })
}

#[cfg(test)]
mod tests {
    use sprat_chunking::ChunkSize;

    use super::*;
    use crate::access::AccessConfig;
    use crate::access::blocks::{Reason, Target};
    use crate::model::error::{FileRefusal, Unavailable};
    use crate::model::moment::Now;

    fn file(number: u8, name: &str) -> RegisterFile {
        let (file_id, chunk_size) = (FileId::new([number; 32]), ChunkSize::DEFAULT);
        RegisterFile { file_id, name: name.into(), size: 1, chunk_size, num_chunks: 1, complete: true }
    }

    fn checked(file: RegisterFile) -> RegisteredFile {
        RegisteredFile::check(file, &Blocks::open(&AccessConfig::default(), None).unwrap())
    }

    fn reason(file: &RegisteredFile) -> (String, Option<u32>) {
        match file.outcome(90) {
            FileOutcome::Refused { reason, retry_after, .. } => (reason, retry_after),
            accepted => panic!("{accepted:?}"),
        }
    }

    #[test]
    fn what_makes_no_sense_is_never_offered() {
        let long = "a".repeat(MAX_NAME_LEN + 1);
        let cases = [
            (file(1, ""), "not 0"),
            (file(1, &long), "a name has 1 to"),
            (file(1, "two\nlines"), "control characters"),
            (file(1, "txt.\u{202e}exe"), "control characters"),
            (RegisterFile { num_chunks: 2, ..file(1, "a") }, "has 1 chunks, not 2"),
        ];
        for (wrong, says) in cases {
            let mut wrong = checked(wrong);
            assert!(!wrong.is_offered() && wrong.offer().is_none() && !wrong.is_news() && wrong.limit().is_none());
            let (reason, retry_after) = reason(&wrong);
            assert!(reason.contains(says) && retry_after.is_none(), "{reason}");
        }
        assert!(checked(file(1, &long[1..])).is_offered());
    }

    #[test]
    fn a_blocked_file_is_never_offered() {
        let folder = tempfile::tempdir().unwrap();
        let blocks = Blocks::open(&AccessConfig::default(), Some(folder.path())).unwrap();
        blocks.add(Target::File(FileId::new([1; 32])), &Reason::new("no"), Now::read()).unwrap();
        assert!(!RegisteredFile::check(file(1, "a"), &blocks).is_offered());
        assert!(RegisteredFile::check(file(2, "a"), &blocks).is_offered());
    }

    #[test]
    fn an_offer_is_told_as_the_store_left_it() {
        let mut offered = checked(file(1, "a"));
        assert_eq!(reason(&offered), (Unavailable.to_string(), Some(90)), "no store has answered yet");
        offered.offer().unwrap().outcome = Err(FileRefusal::SwarmFull);
        assert_eq!((offered.limit(), offered.is_news()), (Some("peers_per_swarm"), false));
        let chunk_size = ChunkSize::DEFAULT;
        offered.offer().unwrap().outcome = Ok(Accepted { chunk_size, is_news: true });
        assert_eq!((offered.limit(), offered.is_news()), (None, true));
        assert_eq!(offered.outcome(90), FileOutcome::Accepted { file_id: offered.file_id, chunk_size });
        offered.refuse(ClaimError::TooManyNew { retry_after: 7 });
        assert_eq!(reason(&offered).1, Some(7));
    }

    #[test]
    fn a_register_is_over_a_limit_if_all_its_files_are() {
        let mut files = [file(1, "a"), file(2, "b")].map(checked);
        files[0].refuse(ClaimError::TooManyNew { retry_after: 7 });
        files[1].offer().unwrap().outcome = Err(FileRefusal::TrackerFull);
        let outcomes = files.each_ref().map(|file| file.outcome(90));
        let Some(Refusal::TooManyFiles { retry_after: 7, .. }) = all_over_a_limit(&outcomes) else {
            panic!("{outcomes:?}")
        };
        files[1].offer().unwrap().outcome = Ok(Accepted { chunk_size: ChunkSize::DEFAULT, is_news: false });
        assert_eq!(all_over_a_limit(&files.each_ref().map(|file| file.outcome(90))), None);
    }
}
