//! Moving of transfers to other folders.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sprat_api::Trouble;
use sprat_chunking::FileId;
use sprat_store::disk::job::Job;
use sprat_store::disk::trouble::trouble;
use sprat_store::part::PartFile;
use sprat_store::part::relocate::relocate;
use sprat_store::site::Site;
use tokio::task::JoinSet;

use crate::world::Disk;

/// Tasks that move transfers.
#[derive(Debug, Default)]
pub(super) struct Mover {
    tasks: JoinSet<Moved>,
}

/// Transfer to move.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) file_id: FileId,
    /// Path of the complete file or folder, if the data is complete.
    pub(super) whole: Option<PathBuf>,
    /// Path that an unfinished download goes to.
    pub(super) unfinished: PathBuf,
    /// Folder to move to.
    pub(super) dir: PathBuf,
    pub(super) job: Arc<Job>,
}

/// Result of moving a transfer to another folder.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) file_id: FileId,
    /// Path before the move.
    pub(super) from: PathBuf,
    /// Path after the move, or the trouble that prevented it; `Err(None)` if the user cancelled the move.
    pub(super) result: Result<PathBuf, Option<Trouble>>,
}

impl Mover {
    /// Starts to move a transfer.
    pub(super) fn start(&mut self, disk: Disk, transfer: Move) {
        disk.spawn_in(&mut self.tasks, move || transfer.run());
    }

    /// Waits for the end of a move; `None` if nothing is being moved. Cancel safe.
    pub(super) async fn ended(&mut self) -> Option<Moved> {
        Some(self.tasks.join_next().await?.expect("moving does not panic"))
    }

    /// Returns whether nothing is being moved.
    pub(super) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }
}

impl Move {
    /// Moves the data; blocks.
    fn run(self) -> Moved {
        let Self { file_id, whole, unfinished, dir, job } = self;
        let moved = match &whole {
            Some(from) => relocate(from, &dir, &job),
            None => relocate_unfinished(&unfinished, &dir, file_id, &job),
        };
        let from = whole.unwrap_or(unfinished);
        let to = dir.join(from.file_name().unwrap_or_default());
        let result = moved.map_err(|error| (!job.is_stopped()).then(|| trouble(&to, 0, &error)));
        Moved { file_id, from, result }
    }
}

/// Moves the unfinished data of the download towards `path`, a file or a folder, to the folder `dir`; blocks.
fn relocate_unfinished(path: &Path, dir: &Path, file_id: FileId, job: &Job) -> io::Result<PathBuf> {
    if Site::is_begun(path, file_id) {
        Site::relocate(path, dir, job)
    } else {
        PartFile::relocate(path, dir, file_id, job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer(dir: &Path, job: Job) -> Move {
        let whole = Some(dir.join("a.bin"));
        let (file_id, job) = (FileId::new([1; 32]), Arc::new(job));
        Move { file_id, whole, unfinished: dir.join("b.bin"), dir: dir.join("to"), job }
    }

    #[test]
    fn a_complete_file_is_at_the_new_path_and_no_longer_at_the_old_one() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.bin"), "content").unwrap();
        let moved = transfer(dir.path(), Job::default()).run();
        assert_eq!((moved.from, moved.result), (dir.path().join("a.bin"), Ok(dir.path().join("to/a.bin"))));
        assert_eq!(std::fs::read(dir.path().join("to/a.bin")).unwrap(), b"content");
        assert!(!dir.path().join("a.bin").exists());
    }

    #[test]
    fn a_file_that_is_not_there_is_trouble_and_a_cancelled_move_is_none() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(transfer(dir.path(), Job::default()).run().result, Err(Some(_))));
        let stopped = Job::default();
        stopped.stop();
        assert_eq!(transfer(dir.path(), stopped).run().result, Err(None));
    }
}
