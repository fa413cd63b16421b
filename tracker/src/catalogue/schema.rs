//! The tables, and how older ones become today's.
//!
//! A change of the tables is one more entry at the end of [`MIGRATIONS`]; what is there never changes. The number of
//! entries that a file went through is its version.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::error::Fault;
use super::meta;

/// Marks a database as a catalogue: "Sprt".
const APPLICATION_ID: i32 = 0x5370_7274;

/// Migrations from each version to the next, the first from an empty file.
///
/// - `files`: the entries; `id` is the order in which they came.
/// - `names`: which of them have a trigram in their folded name. `detail = 'none'` leaves out where in the name, which
///   makes the index a third as large and twice as fast; the names that are found are held against the words anyway.
/// - `meta`: numbers about the catalogue itself.
pub(super) const MIGRATIONS: &[&str] = &["
    CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO meta VALUES ('files', 0, 2964791619);
    CREATE TABLE files (
        id INTEGER PRIMARY KEY,
        file_id BLOB NOT NULL UNIQUE,
        name TEXT NOT NULL,
        size INTEGER NOT NULL,
        chunk_size INTEGER NOT NULL,
        first_seen INTEGER NOT NULL,
        first_by BLOB NOT NULL,
        last_seen INTEGER NOT NULL,
        checksum INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX files_last_seen ON files (last_seen);
    CREATE VIRTUAL TABLE names USING fts5 (folded, tokenize = 'trigram case_sensitive 1', detail = 'none', columnsize = 0);
"];

/// Kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DatabaseKind {
    /// Nothing yet.
    Empty,
    /// A catalogue of this version, or of one that is newer than [`MIGRATIONS`].
    Catalogue(u32),
    /// Some other program's.
    Foreign,
}

/// Looks at what a database says of itself, twice where one bit would mislead.
///
/// # Errors
/// [`Fault::Damaged`] if it contradicts itself.
pub(super) fn kind(db: &Connection, migrations: &[&str]) -> Result<DatabaseKind, Fault> {
    let application_id: i32 = db.pragma_query_one(None, "application_id")?;
    let version: u32 = db.pragma_query_one(None, "user_version")?;
    let objects = objects(db)?;
    let looks_like_ours = ["meta", "files", "names"].iter().all(|name| objects.iter().any(|object| object.0 == *name));
    match (application_id, looks_like_ours) {
        (0, false) if objects.is_empty() && version == 0 => return Ok(DatabaseKind::Empty),
        (APPLICATION_ID, true) => {}
        (APPLICATION_ID, false) | (_, true) => return Err(Fault::damaged("what the file is, is not clear")),
        (_, false) => return Ok(DatabaseKind::Foreign),
    }
    let recorded = meta::read(db, meta::SCHEMA)?;
    if recorded != u64::from(version) {
        return Err(Fault::damaged(format!("its schema version is both {version} and {recorded}")));
    }
    if let Some(applied) = migrations.get(..version as usize) {
        let fresh = Connection::open_in_memory()?;
        migrate(&fresh, DatabaseKind::Empty, applied)?;
        if objects != self::objects(&fresh)? {
            return Err(Fault::damaged("its tables are not those of its version"));
        }
    }
    Ok(DatabaseKind::Catalogue(version))
}

/// Brings a database to the last version, one version after another, each wholly or not at all.
pub(super) fn migrate(db: &Connection, kind: DatabaseKind, migrations: &[&str]) -> Result<(), Fault> {
    let from = match kind {
        DatabaseKind::Catalogue(version) => version,
        DatabaseKind::Empty | DatabaseKind::Foreign => 0,
    };
    for (version, step) in (1_u32..).zip(migrations).skip(from as usize) {
        let change = db.unchecked_transaction()?;
        change.execute_batch(step)?;
        meta::write(&change, meta::SCHEMA, version.into())?;
        change.pragma_update(None, "application_id", APPLICATION_ID)?;
        change.pragma_update(None, "user_version", version)?;
        change.commit()?;
    }
    Ok(())
}

/// Every table and index: its name, and the statement that made it.
fn objects(db: &Connection) -> Result<BTreeSet<(String, Option<String>)>, Fault> {
    let mut statement = db.prepare("SELECT name, sql FROM sqlite_schema")?;
    let objects = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(objects.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEXT: &str = "
        ALTER TABLE files ADD COLUMN note TEXT;
        CREATE TABLE blocked (kind TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, value)) STRICT;
    ";

    fn catalogue() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        migrate(&db, DatabaseKind::Empty, MIGRATIONS).unwrap();
        db.execute("INSERT INTO files VALUES (1, x'01', 'a', 1, 16384, 1, x'02', 1, 0)", []).unwrap();
        db
    }

    #[test]
    fn an_older_catalogue_is_brought_up_to_date_with_its_files() {
        let migrations = [MIGRATIONS, &[NEXT]].concat();
        let db = catalogue();
        let older = kind(&db, &migrations).unwrap();
        assert_eq!(older, DatabaseKind::Catalogue(1));
        migrate(&db, older, &migrations).unwrap();
        assert_eq!(kind(&db, &migrations).unwrap(), DatabaseKind::Catalogue(2));
        let (name, note): (String, Option<String>) =
            db.query_row("SELECT name, note FROM files", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!((name.as_str(), note), ("a", None));
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let migrations =
            [MIGRATIONS, &["CREATE TABLE half (done INTEGER); CREATE TABLE files (again INTEGER);"]].concat();
        let db = catalogue();
        migrate(&db, DatabaseKind::Catalogue(1), &migrations).unwrap_err();
        assert_eq!(kind(&db, MIGRATIONS).unwrap(), DatabaseKind::Catalogue(1));
    }

    #[test]
    fn a_newer_catalogue_is_told_by_its_number() {
        let db = catalogue();
        migrate(&db, DatabaseKind::Catalogue(1), &[MIGRATIONS, &[NEXT]].concat()).unwrap();
        assert_eq!(kind(&db, MIGRATIONS).unwrap(), DatabaseKind::Catalogue(2));
    }

    #[test]
    fn a_database_that_contradicts_itself_is_damaged() {
        for harm in [
            "PRAGMA user_version = 9",
            "PRAGMA application_id = 9",
            "PRAGMA application_id = 0",
            "UPDATE meta SET value = 9 WHERE key = 'schema'",
            "DROP INDEX files_last_seen",
            "DROP TABLE names",
            "CREATE TABLE more (x)",
        ] {
            let db = catalogue();
            db.execute_batch(harm).unwrap();
            assert!(matches!(kind(&db, MIGRATIONS), Err(Fault::Damaged(_))), "{harm}");
        }
    }

    #[test]
    fn another_programs_database_is_told_from_an_empty_one() {
        let db = Connection::open_in_memory().unwrap();
        assert_eq!(kind(&db, MIGRATIONS).unwrap(), DatabaseKind::Empty);
        db.execute_batch("CREATE TABLE thesis (chapter TEXT)").unwrap();
        assert_eq!(kind(&db, MIGRATIONS).unwrap(), DatabaseKind::Foreign);
    }
}
