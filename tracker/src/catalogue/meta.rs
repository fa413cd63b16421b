//! Numbers about the catalogue itself, and of who uses it, each with a checksum.

use rusqlite::{Connection, OptionalExtension};

use super::error::Fault;

/// The schema version. SQLite's `user_version` says the same.
pub(super) const SCHEMA: &str = "schema";
/// Number of files, so that nobody has to count them at the start.
pub(super) const FILES: &str = "files";

/// The number of this name.
///
/// # Errors
/// [`Fault::Damaged`] unless it is what was written.
pub(super) fn read(db: &Connection, key: &str) -> Result<u64, Fault> {
    find(db, key)?.ok_or_else(|| Fault::damaged(format!("there is no number of {key}")))
}

/// The number of this name, if there is one.
///
/// # Errors
/// [`Fault::Damaged`] unless it is what was written.
pub(super) fn find(db: &Connection, key: &str) -> Result<Option<u64>, Fault> {
    let mut statement = db.prepare_cached("SELECT value, checksum FROM meta WHERE key = ?1")?;
    let found = statement.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((value, sum)): Option<(u64, u32)> = found else { return Ok(None) };
    if sum != checksum(key, value) {
        return Err(Fault::damaged(format!("the number of {key} is not what was written")));
    }
    Ok(Some(value))
}

/// The name of a number that whoever uses the catalogue keeps in it: none of its own has a colon.
pub(super) fn of_user(key: &str) -> String {
    format!("user: {key}")
}

/// Writes the number of this name, with the commit that is being made.
pub(super) fn write(db: &Connection, key: &str, value: u64) -> Result<(), Fault> {
    let mut statement = db.prepare_cached("REPLACE INTO meta (key, value, checksum) VALUES (?1, ?2, ?3)")?;
    statement.execute((key, value, checksum(key, value)))?;
    Ok(())
}

/// CRC-32 of both.
fn checksum(key: &str, value: u64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key.as_bytes());
    hasher.update(&value.to_be_bytes());
    hasher.finalize()
}
