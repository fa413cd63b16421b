//! Output of a command: for a person, or as JSON lines.
//!
//! Standard output has the result and nothing else: in JSON mode one object a line, otherwise text. What happens on the
//! way, and what went wrong, is said on standard error; in JSON mode errors are objects on standard output.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::terminal::failure::{Exit, Failure};
use crate::terminal::progress;
use crate::terminal::records::ErrorRecord;

/// Destination of a command's words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    /// As JSON lines, or for a person.
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Returns true if the command writes JSON lines.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// A line of the result; nothing in JSON mode.
    pub(crate) fn line(self, text: &str) -> io::Result<()> {
        if self.json { Ok(()) } else { write_line(text.as_bytes()) }
    }

    /// A line of the result that may hold a path, whose bytes stay as they are; nothing in JSON mode.
    pub(crate) fn raw_line(self, bytes: &[u8]) -> io::Result<()> {
        if self.json { Ok(()) } else { write_line(bytes) }
    }

    /// A JSON line; nothing for a person.
    pub(crate) fn record(self, record: &impl Serialize) -> io::Result<()> {
        if self.json { write_line(&serde_json::to_vec(record)?) } else { Ok(()) }
    }

    /// A sentence about what is going on, on standard error in both modes.
    pub(crate) fn note(self, text: &str) {
        // Nobody is left to be told that standard error is gone.
        let _ = progress::above_bars(|| writeln!(io::stderr().lock(), "{text}"));
    }

    /// Something that went wrong, though the command goes on.
    pub(crate) fn error(self, exit: Exit, file_id: Option<sprat_chunking::FileId>, message: &str) {
        if self.json {
            // Where the reader has left, the next line of the result finds out.
            let _ = self.record(&ErrorRecord::new(exit, file_id, message));
        } else {
            self.note(&format!("sprat: {message}"));
        }
    }

    /// Writes the failure that the command ends with.
    pub(crate) fn failure(self, failure: &Failure) {
        if let Some(message) = &failure.message {
            self.error(failure.exit, failure.file_id, message);
        }
    }
}

fn write_line(line: &[u8]) -> io::Result<()> {
    progress::above_bars(|| {
        let mut stdout = io::stdout().lock();
        stdout.write_all(line)?;
        stdout.write_all(b"\n")?;
        stdout.flush()
    })
}

/// A path as the bytes that the system knows it by, where it has such.
pub(crate) fn path_bytes(path: &Path) -> Vec<u8> {
    #[cfg(unix)]
    return std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec();
    #[cfg(not(unix))]
    path.to_string_lossy().into_owned().into_bytes()
}
