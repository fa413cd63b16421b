//! Standard output, and the last words on standard error.

use std::io::{self, Write};

/// Writes a result to standard output. Whoever reads it may have read enough, which is no failure.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes why the program could not do what it was asked for to standard error.
pub(crate) fn complain(error: &anyhow::Error) {
    for line in format!("{error:#}").lines() {
        // Nothing is left to do where this cannot be written either.
        let _ = writeln!(io::stderr(), "sprat-tracker: {line}");
    }
}
