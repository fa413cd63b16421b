//! Files that an operator writes.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Reads a file of text, unless it is longer than so many bytes.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(most + 1).read_to_string(&mut text)?;
    if text.len() as u64 > most {
        return Err(io::Error::other(format!("it is longer than {most} bytes")));
    }
    Ok(text)
}
