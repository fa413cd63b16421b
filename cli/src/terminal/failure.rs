//! Ends of a command other than success.

use std::io;
use std::process::ExitCode;

use sprat_api::Refusal;
use sprat_chunking::FileId;

/// Exit code of the program, as a shell or a script sees it in `$?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Everything that was asked for is done.
    Done = 0,
    /// The command was tried, and failed.
    Failed = 1,
    /// The command makes no sense; clap uses the same code.
    Usage = 2,
    /// An unknown ID, or nobody had it within the time-out, or nothing was found.
    NotFound = 3,
    /// Stopped by Ctrl-C before it was done; 128 + SIGINT, as shells count.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Reason for which a command did not do what it was asked for, and what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// For a person; none where everything was said already, or nobody listens any more.
    pub(crate) message: Option<String>,
    /// The file that it is about.
    pub(crate) file_id: Option<FileId>,
}

impl Failure {
    /// With this exit code and this sentence.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: Some(message.into()), file_id: None }
    }

    /// Failure of a command that was tried.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// Failure of a command that makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Stopped by Ctrl-C.
    pub(crate) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted")
    }

    /// Everything was said already.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self { exit, message: None, file_id: None }
    }

    /// The engine ended without having been asked to.
    pub(crate) fn engine_gone() -> Self {
        Self::failed(
            "the engine stopped unexpectedly; run the same command again, with --log debug if that does not help",
        )
    }

    /// About this file.
    pub(crate) fn about(self, file_id: FileId) -> Self {
        Self { file_id: Some(file_id), ..self }
    }
}

/// The engine did not carry out a command.
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Ended => Self::engine_gone(),
            refusal => Self::failed(refusal.to_string()),
        }
    }
}

/// Standard output could not be written to. Where its reader has left, there is nobody to tell.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::silent(Exit::Failed),
            _ => Self::failed(format!("can't write the result: {error}; check where standard output goes")),
        }
    }
}
