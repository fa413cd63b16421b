//! `sprat id`: the IDs of files.

use std::path::Path;

use crate::args::IdArgs;
use crate::engine::hashing::file_id;
use crate::terminal::failure::{Exit, Failure};
use crate::terminal::interrupt::Interrupt;
use crate::terminal::output::{Output, path_bytes};

/// Prints a line for each file; one that cannot be read does not keep the others from it.
pub(crate) async fn run(args: &IdArgs, output: Output, interrupt: &Interrupt) -> Result<(), Failure> {
    let mut outcome = Ok(());
    for path in &args.paths {
        match file_id(path, interrupt).await {
            Ok(id) => output.raw_line(&line(&id.to_string(), path))?,
            Err(failure) if failure.exit == Exit::Interrupted => return Err(failure),
            Err(failure) => {
                output.failure(&failure);
                outcome = Err(Failure::silent(failure.exit));
            }
        }
    }
    outcome
}

/// As sha256sum writes it: one line whatever the path is, since line breaks and backslashes in it are escaped and a
/// backslash at the start says so.
fn line(id: &str, path: &Path) -> Vec<u8> {
    let path = path_bytes(path);
    let escape = cfg!(unix) && path.iter().any(|byte| matches!(byte, b'\n' | b'\r' | b'\\'));
    let mut line = if escape { b"\\".to_vec() } else { Vec::new() };
    line.extend_from_slice(id.as_bytes());
    line.extend_from_slice(b"  ");
    for byte in path {
        match byte {
            b'\n' if escape => line.extend_from_slice(b"\\n"),
            b'\r' if escape => line.extend_from_slice(b"\\r"),
            b'\\' if escape => line.extend_from_slice(b"\\\\"),
            byte => line.push(byte),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_line() {
        assert_eq!(line("ab", Path::new("x y.txt")), b"ab  x y.txt");
        #[cfg(unix)]
        assert_eq!(line("ab", Path::new("x\ny\\z")), b"\\ab  x\\ny\\\\z");
    }
}
