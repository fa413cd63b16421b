//! Life of a transfer as a state machine: [`Phase::after`] tells for each happening the next phase, and what is to be
//! done. It is a pure function, so that every pair of phase and happening can be tested.

use std::path::PathBuf;

use sprat_api::{TransferState, Trouble};

/// Phase of a transfer's life. While a task works on the data, the phase says what follows once the task has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Download that waits for its turn.
    Queued,
    /// Download whose task runs.
    Fetching,
    /// Complete data that is served.
    Sharing,
    /// At rest: the user paused it.
    Paused,
    /// Complete data that is hashed or looked at before it is served, or before it rests.
    Checking(Goal),
    /// At rest because of trouble on this machine. With [`Goal::GoOn`] it goes on by itself once the trouble is over.
    Stopped(Goal),
    /// Download whose task was told to end.
    Ending(Next),
    /// Transfer whose data is being moved.
    Moving(Next),
}

/// Wish of the user for a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Fetch it, or serve it.
    GoOn,
    /// Leave it alone.
    Rest,
}

/// Continuation once the task that works on the data has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Go on, or rest.
    Be(Goal),
    /// Move the data to this folder, then go on or rest.
    Move(PathBuf, Goal),
    /// Remove the transfer from the list, and delete its downloaded data if `delete_data`.
    Remove {
        /// Set if downloaded data is deleted.
        delete_data: bool,
    },
}

/// Happening in a transfer's life: a command, or the end of what was to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// The user asks for the file, perhaps once more.
    Wanted,
    /// The user pauses the transfer.
    Pause,
    /// The user resumes the transfer.
    Resume,
    /// The user removes the transfer, with its downloaded data if `delete_data`.
    Remove {
        /// Set if downloaded data is deleted.
        delete_data: bool,
    },
    /// The user has all data hashed again.
    Check,
    /// The user cancels a check or a move. `hashes` is set if the download's task is hashing what is on the disk.
    CancelWork {
        /// Set if the download's task is hashing.
        hashes: bool,
    },
    /// The user moves the data to this folder.
    Move(PathBuf),
    /// The turn of the download has come.
    Turn,
    /// The download's task ended: the data is complete, or the task was told to end.
    Ended,
    /// The download's task ended because of this trouble.
    Failed(Trouble),
    /// The move ended, successful or not.
    Moved,
    /// The complete data is as it should be.
    FoundSame,
    /// The complete data is not as it should be, or not there.
    FoundOther(Trouble),
    /// The check of the complete data was cancelled. `held` is set if the data can be served all the same.
    CheckCancelled {
        /// Set if the chunk hashes of the data are known.
        held: bool,
    },
    /// A complete copy was shared from somewhere.
    SharedHere,
    /// The trouble that stopped the transfer is over.
    TroubleOver,
}

/// Deed that follows from a happening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Do {
    /// Start the download if it has its turn.
    Enqueue,
    /// Start the download's task.
    Start,
    /// Tell the download's task to end.
    StopTask,
    /// Have the download's task try every tracker and every peer again.
    Hurry,
    /// Serve the complete data if it is unchanged, else check it.
    Serve,
    /// Stop serving the data.
    Unserve,
    /// Hash the complete data.
    Check,
    /// Cancel the check of the complete data.
    StopCheck,
    /// Have the download hash everything on the disk, whatever is on record.
    Distrust,
    /// Move the data to this folder.
    Move(PathBuf),
    /// Cancel the move.
    StopMove,
    /// Note the trouble that stopped the transfer.
    Note(Trouble),
    /// Remove the transfer.
    Forget {
        /// Set if downloaded data is deleted.
        delete_data: bool,
    },
}

impl Phase {
    /// Returns the phase of a transfer at the start of an engine.
    pub(crate) fn at_start(is_whole: bool, paused: bool) -> Self {
        match (paused, is_whole) {
            (true, _) => Self::Paused,
            (false, true) => Self::Checking(Goal::GoOn),
            (false, false) => Self::Queued,
        }
    }

    /// Returns the phase after a happening, and what is to be done. `is_whole` tells whether the data is complete, as of
    /// the happening.
    pub(crate) fn after(self, happening: Happening, is_whole: bool) -> (Self, Vec<Do>) {
        match happening {
            Happening::Wanted => self.wanted(is_whole),
            Happening::Pause => self.paused(is_whole),
            Happening::Resume => self.resumed(is_whole),
            Happening::Remove { delete_data } => self.removed(delete_data),
            Happening::Check if is_whole => self.checked(),
            Happening::Check => self.distrusted(),
            Happening::CancelWork { hashes } => self.cancelled(hashes, is_whole),
            Happening::Move(dir) => self.moves(dir),
            Happening::Turn => match self {
                Self::Queued => (Self::Fetching, vec![Do::Start]),
                other => other.stays(),
            },
            Happening::Ended => self.task_ended(is_whole),
            Happening::Failed(trouble) => match self {
                Self::Fetching if !is_whole => (Self::Stopped(Goal::GoOn), vec![Do::Unserve, Do::Note(trouble)]),
                other => other.task_ended(is_whole),
            },
            Happening::Moved => match self {
                Self::Moving(next) => next.now(is_whole),
                other => other.stays(),
            },
            Happening::FoundSame => match self {
                Self::Checking(Goal::GoOn) => (Self::Sharing, vec![]),
                Self::Checking(Goal::Rest) | Self::Paused => (Self::Paused, vec![Do::Unserve]),
                other => other.stays(),
            },
            Happening::FoundOther(trouble) => match self {
                Self::Checking(goal) => (Self::Stopped(goal), vec![Do::Unserve, Do::Note(trouble)]),
                Self::Sharing => (Self::Stopped(Goal::GoOn), vec![Do::Unserve, Do::Note(trouble)]),
                Self::Paused => (Self::Stopped(Goal::Rest), vec![Do::Unserve, Do::Note(trouble)]),
                other => other.stays(),
            },
            Happening::CheckCancelled { held } => match self {
                Self::Checking(Goal::GoOn) if held => (Self::Sharing, vec![]),
                Self::Checking(_) => (Self::Paused, vec![Do::Unserve]),
                other => other.stays(),
            },
            Happening::SharedHere => match self {
                Self::Fetching => (Self::Ending(Next::Be(Goal::GoOn)), vec![Do::StopTask]),
                Self::Ending(_) => (Self::Ending(Next::Be(Goal::GoOn)), vec![]),
                Self::Moving(_) => (Self::Moving(Next::Be(Goal::GoOn)), vec![]),
                _ => (Self::Sharing, vec![]),
            },
            Happening::TroubleOver => match self {
                Self::Stopped(Goal::GoOn) => Next::Be(Goal::GoOn).now(is_whole),
                other => other.stays(),
            },
        }
    }

    /// Returns the user's wish, which the next run of the engine is told.
    pub(crate) fn goal(&self) -> Goal {
        match self {
            Self::Queued | Self::Fetching | Self::Sharing => Goal::GoOn,
            Self::Paused => Goal::Rest,
            Self::Checking(goal) | Self::Stopped(goal) => *goal,
            Self::Ending(next) | Self::Moving(next) => next.goal(),
        }
    }

    /// Returns whether the download's task runs.
    pub(crate) fn has_task(&self) -> bool {
        matches!(self, Self::Fetching | Self::Ending(_))
    }

    /// Returns the state that snapshots show; `None` if the download's task says it. `trouble` is that of
    /// [`Phase::Stopped`].
    pub(crate) fn shown(&self, trouble: Option<&Trouble>) -> Option<TransferState> {
        Some(match self {
            Self::Queued => TransferState::Queued,
            Self::Sharing => TransferState::Sharing,
            Self::Checking(_) => TransferState::Checking,
            Self::Moving(_) => TransferState::Moving,
            Self::Stopped(_) => {
                trouble.map_or(TransferState::Paused, |trouble| TransferState::Stopped(trouble.clone()))
            }
            Self::Paused | Self::Ending(Next::Be(Goal::Rest) | Next::Remove { .. }) => TransferState::Paused,
            Self::Fetching | Self::Ending(Next::Be(Goal::GoOn) | Next::Move(..)) => return None,
        })
    }

    fn stays(self) -> (Self, Vec<Do>) {
        (self, vec![])
    }

    fn wanted(self, is_whole: bool) -> (Self, Vec<Do>) {
        match self {
            Self::Ending(Next::Remove { .. }) => (Self::Ending(Next::Be(Goal::GoOn)), vec![]),
            Self::Moving(Next::Remove { .. }) => (Self::Moving(Next::Be(Goal::GoOn)), vec![]),
            Self::Fetching => self.stays(),
            // The data was complete and is gone: it is fetched anew.
            Self::Sharing | Self::Checking(_) if !is_whole => (Self::Queued, vec![Do::StopCheck, Do::Enqueue]),
            other => other.resumed(is_whole),
        }
    }

    fn paused(self, is_whole: bool) -> (Self, Vec<Do>) {
        match self {
            Self::Fetching => (Self::Ending(Next::Be(Goal::Rest)), vec![Do::StopTask]),
            Self::Ending(next) => (Self::Ending(next.with(Goal::Rest)), vec![]),
            Self::Moving(next) => (Self::Moving(next.with(Goal::Rest)), vec![]),
            Self::Checking(_) => (Self::Paused, vec![Do::StopCheck, Do::Unserve]),
            _ if is_whole => (Self::Paused, vec![Do::Unserve]),
            _ => (Self::Paused, vec![]),
        }
    }

    fn resumed(self, is_whole: bool) -> (Self, Vec<Do>) {
        match self {
            Self::Fetching => (Self::Fetching, vec![Do::Hurry]),
            Self::Ending(next) => (Self::Ending(next.with(Goal::GoOn)), vec![]),
            Self::Moving(next) => (Self::Moving(next.with(Goal::GoOn)), vec![]),
            Self::Checking(_) => (Self::Checking(Goal::GoOn), vec![]),
            Self::Queued | Self::Sharing | Self::Paused | Self::Stopped(_) => Next::Be(Goal::GoOn).now(is_whole),
        }
    }

    fn removed(self, delete_data: bool) -> (Self, Vec<Do>) {
        let next = Next::Remove { delete_data };
        match self {
            Self::Fetching => (Self::Ending(next), vec![Do::StopTask]),
            Self::Ending(_) => (Self::Ending(next), vec![]),
            Self::Moving(_) => (Self::Moving(next), vec![]),
            Self::Checking(_) => (self, vec![Do::StopCheck, Do::Forget { delete_data }]),
            other => (other, vec![Do::Forget { delete_data }]),
        }
    }

    /// Hashes complete data again.
    fn checked(self) -> (Self, Vec<Do>) {
        match self {
            Self::Sharing | Self::Paused | Self::Stopped(_) | Self::Checking(_) => {
                (Self::Checking(self.goal()), vec![Do::Check])
            }
            other => other.stays(),
        }
    }

    /// Hashes the data of a download again, now or when the download goes on.
    fn distrusted(self) -> (Self, Vec<Do>) {
        match self {
            Self::Fetching => (Self::Ending(Next::Be(Goal::GoOn)), vec![Do::Distrust, Do::StopTask]),
            Self::Queued | Self::Stopped(Goal::GoOn) => (Self::Queued, vec![Do::Distrust, Do::Enqueue]),
            other => (other, vec![Do::Distrust]),
        }
    }

    fn cancelled(self, hashes: bool, is_whole: bool) -> (Self, Vec<Do>) {
        match self {
            Self::Checking(_) => (self, vec![Do::StopCheck]),
            Self::Fetching if hashes => self.paused(is_whole),
            Self::Ending(Next::Move(_, goal)) => (Self::Ending(Next::Be(goal)), vec![]),
            Self::Moving(Next::Move(_, goal)) => (Self::Moving(Next::Be(goal)), vec![Do::StopMove]),
            Self::Moving(_) => (self, vec![Do::StopMove]),
            other => other.stays(),
        }
    }

    fn moves(self, dir: PathBuf) -> (Self, Vec<Do>) {
        let goal = self.goal();
        match self {
            Self::Ending(Next::Remove { .. }) | Self::Moving(Next::Remove { .. }) => self.stays(),
            Self::Fetching => (Self::Ending(Next::Move(dir, goal)), vec![Do::StopTask]),
            Self::Ending(_) => (Self::Ending(Next::Move(dir, goal)), vec![]),
            Self::Moving(_) => (Self::Moving(Next::Move(dir, goal)), vec![]),
            Self::Checking(_) => (Self::Moving(Next::Be(goal)), vec![Do::StopCheck, Do::Unserve, Do::Move(dir)]),
            Self::Queued | Self::Sharing | Self::Paused | Self::Stopped(_) => {
                (Self::Moving(Next::Be(goal)), vec![Do::Unserve, Do::Move(dir)])
            }
        }
    }

    fn task_ended(self, is_whole: bool) -> (Self, Vec<Do>) {
        match self {
            // Complete data was verified right now.
            Self::Fetching | Self::Ending(Next::Be(Goal::GoOn)) if is_whole => (Self::Sharing, vec![]),
            // The engine ends.
            Self::Fetching => (Self::Queued, vec![Do::Unserve]),
            // The download keeps its turn.
            Self::Ending(Next::Be(Goal::GoOn)) => (Self::Fetching, vec![Do::Unserve, Do::Start]),
            Self::Ending(Next::Be(Goal::Rest)) => (Self::Paused, vec![Do::Unserve]),
            Self::Ending(next) => next.now(is_whole),
            other => other.stays(),
        }
    }
}

impl Next {
    fn goal(&self) -> Goal {
        match self {
            Self::Be(goal) | Self::Move(_, goal) => *goal,
            Self::Remove { .. } => Goal::Rest,
        }
    }

    /// Returns the continuation with this wish in the end. A removal stays one.
    fn with(self, goal: Goal) -> Self {
        match self {
            Self::Be(_) => Self::Be(goal),
            Self::Move(dir, _) => Self::Move(dir, goal),
            Self::Remove { .. } => self,
        }
    }

    /// Returns the phase that begins now that nothing works on the data, and what is to be done.
    fn now(self, is_whole: bool) -> (Phase, Vec<Do>) {
        match self {
            Self::Be(Goal::GoOn) if is_whole => (Phase::Checking(Goal::GoOn), vec![Do::Serve]),
            Self::Be(Goal::GoOn) => (Phase::Queued, vec![Do::Enqueue]),
            Self::Be(Goal::Rest) => (Phase::Paused, vec![Do::Unserve]),
            Self::Move(dir, goal) => (Phase::Moving(Self::Be(goal)), vec![Do::Unserve, Do::Move(dir)]),
            Self::Remove { delete_data } => (Phase::Paused, vec![Do::Forget { delete_data }]),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trouble() -> Trouble {
        Trouble::SourceChanged { path: "/a".into() }
    }

    const GO: Next = Next::Be(Goal::GoOn);
    const REST: Next = Next::Be(Goal::Rest);
    const REMOVE: Next = Next::Remove { delete_data: true };

    fn to_dir(goal: Goal) -> Next {
        Next::Move("/d".into(), goal)
    }

    #[test]
    fn each_command_does_what_the_table_says() {
        use Goal::{GoOn, Rest};
        use Phase::{Checking, Ending, Fetching, Moving, Paused, Queued, Sharing, Stopped};
        let [pause, resume, check, wanted] = [Happening::Pause, Happening::Resume, Happening::Check, Happening::Wanted];
        let (go, dir) = (|| Happening::Move("/d".into()), || PathBuf::from("/d"));
        let remove = || Happening::Remove { delete_data: true };
        let forget = || Do::Forget { delete_data: true };
        // Phase, complete or not, happening → phase, what is to be done.
        let table = [
            (Queued, false, Happening::Turn, Fetching, vec![Do::Start]),
            (Queued, false, pause.clone(), Paused, vec![]),
            (Fetching, false, pause.clone(), Ending(REST), vec![Do::StopTask]),
            (Ending(GO), false, pause.clone(), Ending(REST), vec![]),
            (Ending(to_dir(GoOn)), false, pause.clone(), Ending(to_dir(Rest)), vec![]),
            (Ending(REMOVE), false, pause.clone(), Ending(REMOVE), vec![]),
            (Moving(GO), true, pause.clone(), Moving(REST), vec![]),
            (Sharing, true, pause.clone(), Paused, vec![Do::Unserve]),
            (Checking(GoOn), true, pause, Paused, vec![Do::StopCheck, Do::Unserve]),
            (Paused, false, resume.clone(), Queued, vec![Do::Enqueue]),
            (Paused, true, resume.clone(), Checking(GoOn), vec![Do::Serve]),
            (Stopped(Rest), true, resume.clone(), Checking(GoOn), vec![Do::Serve]),
            (Fetching, false, resume.clone(), Fetching, vec![Do::Hurry]),
            (Ending(REST), false, resume.clone(), Ending(GO), vec![]),
            (Ending(REMOVE), false, resume.clone(), Ending(REMOVE), vec![]),
            (Moving(REST), false, resume, Moving(GO), vec![]),
            (Ending(REMOVE), false, wanted.clone(), Ending(GO), vec![]),
            (Moving(REMOVE), true, wanted.clone(), Moving(GO), vec![]),
            (Fetching, false, wanted.clone(), Fetching, vec![]),
            (Sharing, false, wanted, Queued, vec![Do::StopCheck, Do::Enqueue]),
            (Fetching, false, remove(), Ending(REMOVE), vec![Do::StopTask]),
            (Moving(GO), true, remove(), Moving(REMOVE), vec![]),
            (Paused, false, remove(), Paused, vec![forget()]),
            (Sharing, true, check.clone(), Checking(GoOn), vec![Do::Check]),
            (Paused, true, check.clone(), Checking(Rest), vec![Do::Check]),
            (Moving(GO), true, check.clone(), Moving(GO), vec![]),
            (Fetching, false, check.clone(), Ending(GO), vec![Do::Distrust, Do::StopTask]),
            (Paused, false, check.clone(), Paused, vec![Do::Distrust]),
            (Stopped(GoOn), false, check, Queued, vec![Do::Distrust, Do::Enqueue]),
            (Fetching, false, go(), Ending(to_dir(GoOn)), vec![Do::StopTask]),
            (Ending(REST), false, go(), Ending(to_dir(Rest)), vec![]),
            (Ending(REMOVE), false, go(), Ending(REMOVE), vec![]),
            (Moving(GO), false, go(), Moving(to_dir(GoOn)), vec![]),
            (Paused, true, go(), Moving(REST), vec![Do::Unserve, Do::Move(dir())]),
            (Checking(GoOn), true, go(), Moving(GO), vec![Do::StopCheck, Do::Unserve, Do::Move(dir())]),
            (Moving(GO), false, Happening::CancelWork { hashes: false }, Moving(GO), vec![Do::StopMove]),
            (Moving(to_dir(Rest)), true, Happening::CancelWork { hashes: false }, Moving(REST), vec![Do::StopMove]),
            (Ending(to_dir(GoOn)), false, Happening::CancelWork { hashes: false }, Ending(GO), vec![]),
            (Fetching, false, Happening::CancelWork { hashes: true }, Ending(REST), vec![Do::StopTask]),
            (Fetching, false, Happening::CancelWork { hashes: false }, Fetching, vec![]),
        ];
        for (phase, is_whole, happening, next, dos) in table {
            let told = format!("{phase:?} {is_whole} {happening:?}");
            assert_eq!(phase.after(happening, is_whole), (next, dos), "{told}");
        }
    }

    #[test]
    fn each_end_of_a_task_leads_where_the_table_says() {
        use Goal::{GoOn, Rest};
        use Phase::{Checking, Ending, Fetching, Moving, Paused, Queued, Sharing, Stopped};
        let (failed, note) = (|| Happening::Failed(trouble()), || Do::Note(trouble()));
        let other = || Happening::FoundOther(trouble());
        let cancelled = |held| Happening::CheckCancelled { held };
        let table = [
            (Fetching, true, Happening::Ended, Sharing, vec![]),
            (Ending(GO), true, Happening::Ended, Sharing, vec![]),
            (Ending(REST), true, Happening::Ended, Paused, vec![Do::Unserve]),
            (Ending(to_dir(GoOn)), true, Happening::Ended, Moving(GO), vec![Do::Unserve, Do::Move("/d".into())]),
            (Ending(REMOVE), true, Happening::Ended, Paused, vec![Do::Forget { delete_data: true }]),
            (Fetching, false, Happening::Ended, Queued, vec![Do::Unserve]),
            (Ending(GO), false, Happening::Ended, Fetching, vec![Do::Unserve, Do::Start]),
            (Ending(REST), false, Happening::Ended, Paused, vec![Do::Unserve]),
            (Fetching, false, failed(), Stopped(GoOn), vec![Do::Unserve, note()]),
            (Ending(REST), false, failed(), Paused, vec![Do::Unserve]),
            // The same file was shared from another place meanwhile.
            (Ending(GO), true, failed(), Sharing, vec![]),
            (Moving(GO), true, Happening::Moved, Checking(GoOn), vec![Do::Serve]),
            (Moving(GO), false, Happening::Moved, Queued, vec![Do::Enqueue]),
            (Moving(REST), true, Happening::Moved, Paused, vec![Do::Unserve]),
            (Moving(to_dir(Rest)), false, Happening::Moved, Moving(REST), vec![Do::Unserve, Do::Move("/d".into())]),
            (Moving(REMOVE), false, Happening::Moved, Paused, vec![Do::Forget { delete_data: true }]),
            (Checking(GoOn), true, Happening::FoundSame, Sharing, vec![]),
            (Checking(Rest), true, Happening::FoundSame, Paused, vec![Do::Unserve]),
            (Moving(GO), true, Happening::FoundSame, Moving(GO), vec![]),
            (Checking(GoOn), true, other(), Stopped(GoOn), vec![Do::Unserve, note()]),
            (Paused, true, other(), Stopped(Rest), vec![Do::Unserve, note()]),
            (Sharing, true, other(), Stopped(GoOn), vec![Do::Unserve, note()]),
            (Moving(GO), true, other(), Moving(GO), vec![]),
            (Checking(GoOn), true, cancelled(true), Sharing, vec![]),
            (Checking(GoOn), true, cancelled(false), Paused, vec![Do::Unserve]),
            (Checking(Rest), true, cancelled(true), Paused, vec![Do::Unserve]),
            (Fetching, true, Happening::SharedHere, Ending(GO), vec![Do::StopTask]),
            (Moving(REMOVE), true, Happening::SharedHere, Moving(GO), vec![]),
            (Stopped(Rest), true, Happening::SharedHere, Sharing, vec![]),
            (Stopped(GoOn), false, Happening::TroubleOver, Queued, vec![Do::Enqueue]),
            (Stopped(GoOn), true, Happening::TroubleOver, Checking(GoOn), vec![Do::Serve]),
            (Stopped(Rest), true, Happening::TroubleOver, Stopped(Rest), vec![]),
        ];
        for (phase, is_whole, happening, next, dos) in table {
            let told = format!("{phase:?} {is_whole} {happening:?}");
            assert_eq!(phase.after(happening, is_whole), (next, dos), "{told}");
        }
    }

    /// World around a transfer: what works on it, and whether its data is complete.
    #[derive(Debug)]
    struct Around {
        phase: Phase,
        is_whole: bool,
        fetches: bool,
        moves: bool,
        checks: bool,
        removed: Option<bool>,
        gone: bool,
    }

    impl Around {
        fn happens(&mut self, happening: Happening) {
            let (phase, dos) = self.phase.clone().after(happening, self.is_whole);
            self.phase = phase;
            for deed in dos {
                match deed {
                    Do::Start => {
                        assert!(!self.is_worked_on(), "two tasks at once: {self:?}");
                        self.fetches = true;
                    }
                    Do::Move(_) => {
                        assert!(!self.is_worked_on(), "two tasks at once: {self:?}");
                        self.moves = true;
                    }
                    Do::Serve | Do::Check => {
                        assert!(self.is_whole && !self.is_worked_on(), "nothing to check: {self:?}");
                        self.checks = true;
                    }
                    Do::Forget { delete_data } => {
                        assert!(!self.is_worked_on(), "removed under a task: {self:?}");
                        assert_eq!(self.removed, Some(delete_data), "nobody removed it so: {self:?}");
                        self.gone = true;
                    }
                    // What is told to stop ends later.
                    Do::StopTask | Do::StopCheck | Do::StopMove => {}
                    Do::Enqueue | Do::Hurry | Do::Unserve | Do::Distrust | Do::Note(_) => {}
                }
            }
            assert_eq!(self.phase.has_task(), self.fetches, "{self:?}");
            assert_eq!(matches!(self.phase, Phase::Moving(_)), self.moves, "{self:?}");
        }

        fn is_worked_on(&self) -> bool {
            self.fetches || self.moves
        }

        /// Lets `n` choose one of the happenings that are possible now.
        fn step(&mut self, n: u8) {
            let remove = n.is_multiple_of(2);
            let happening = match n % 20 {
                0 => Happening::Wanted,
                1 => Happening::Pause,
                2 | 3 => Happening::Resume,
                4 | 5 if n < 100 => {
                    self.removed = Some(remove);
                    Happening::Remove { delete_data: remove }
                }
                6 => Happening::Check,
                7 => Happening::CancelWork { hashes: n < 128 },
                8 => Happening::Move("/d".into()),
                9 | 10 if matches!(self.phase, Phase::Queued) => Happening::Turn,
                11 if self.fetches => {
                    (self.fetches, self.is_whole) = (false, true);
                    Happening::Ended
                }
                12 if self.fetches && self.phase != Phase::Fetching => {
                    self.fetches = false;
                    Happening::Ended
                }
                13 if self.fetches => {
                    self.fetches = false;
                    Happening::Failed(trouble())
                }
                14 | 15 if self.moves => {
                    self.moves = false;
                    Happening::Moved
                }
                16 if self.checks => {
                    self.checks = false;
                    match n % 3 {
                        0 => Happening::FoundSame,
                        1 => Happening::FoundOther(trouble()),
                        _ => Happening::CheckCancelled { held: remove },
                    }
                }
                17 => {
                    self.is_whole = true;
                    Happening::SharedHere
                }
                18 if self.is_whole && !self.moves => {
                    // The files are gone, and the user asks for them again.
                    (self.is_whole, self.checks) = (false, false);
                    Happening::Wanted
                }
                19 => Happening::TroubleOver,
                _ => return,
            };
            self.happens(happening);
        }
    }

    proptest! {
        /// Whatever happens in whatever order: never two tasks on one transfer, nothing removed that nobody removed, and
        /// a restart brings back the user's wish.
        #[test]
        fn no_order_of_happenings_confuses_a_transfer(
            is_whole: bool, paused: bool, steps in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let phase = Phase::at_start(is_whole, paused);
            let checks = matches!(phase, Phase::Checking(_));
            let mut around =
                Around { phase, is_whole, fetches: false, moves: false, checks, removed: None, gone: false };
            for n in steps {
                around.step(n);
                if around.gone {
                    return Ok(());
                }
                let goal = around.phase.goal();
                let again = Phase::at_start(around.is_whole, goal == Goal::Rest);
                prop_assert_eq!(again.goal(), goal, "{:?}", around);
                // A transfer that shall go on is never forgotten: something works on it, or will.
                let goes_on = around.is_worked_on() || around.checks
                    || matches!(around.phase, Phase::Queued | Phase::Sharing | Phase::Stopped(_));
                prop_assert!(goal == Goal::Rest || goes_on, "{:?}", around);
            }
        }
    }
}
