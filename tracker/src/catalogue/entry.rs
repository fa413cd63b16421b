//! One file of the catalogue, as it is written and read: with a checksum, because SQLite has none.

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, Row, params};
use sprat_chunking::{ChunkSize, FileId, Layout};
use sprat_protocol::PeerId;

use super::error::Fault;

/// The columns that [`Entry::read`] reads, in its order.
macro_rules! columns {
    () => {
        "files.id, files.file_id, files.name, files.size, files.chunk_size, files.first_seen, files.first_by, \
         files.last_seen, files.checksum"
    };
}
pub(super) use columns;

/// Entry of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the order in which files came.
    pub(super) id: i64,
    /// ID of the file.
    pub file_id: FileId,
    /// Name of the file.
    pub name: String,
    /// Its length and chunk size.
    pub layout: Layout,
    /// Time of the first registration, in seconds since 1970 (UTC).
    pub first_seen: u64,
    /// Peer that registered it first.
    pub first_by: PeerId,
    /// Time at which somebody was last known to hold the file, to the hour, in seconds since 1970 (UTC).
    pub last_seen: u64,
}

impl Entry {
    /// Reads a row of [`columns`].
    ///
    /// # Errors
    /// [`Fault::Damaged`] unless it is what was written.
    pub(super) fn read(row: &Row<'_>) -> Result<Self, Fault> {
        if let ValueRef::Null = row.get_ref(0)? {
            return Err(Fault::damaged("the index knows a name that is not there"));
        }
        let size: u64 = row.get(3)?;
        let chunk_size: u32 = row.get(4)?;
        let layout = ChunkSize::new(chunk_size).and_then(|chunk_size| Layout::new(size, chunk_size));
        let entry = Self {
            id: row.get(0)?,
            file_id: FileId::new(row.get(1)?),
            name: row.get(2)?,
            layout: layout.map_err(|error| Fault::damaged(error.to_string()))?,
            first_seen: row.get(5)?,
            first_by: PeerId::new(row.get(6)?),
            last_seen: row.get(7)?,
        };
        if row.get::<_, u32>(8)? != entry.checksum() {
            return Err(Fault::damaged(format!("the entry {} is not what was written", entry.id)));
        }
        Ok(entry)
    }

    /// The entry of a file, if there is one.
    pub(super) fn find(db: &Connection, file_id: FileId) -> Result<Option<Self>, Fault> {
        let mut statement = db.prepare_cached(concat!("SELECT ", columns!(), " FROM files WHERE file_id = ?1"))?;
        let mut rows = statement.query([file_id.as_bytes()])?;
        let entry = rows.next()?.map(Self::read).transpose()?;
        match entry {
            Some(entry) if entry.file_id != file_id => {
                Err(Fault::damaged("the index of file IDs leads to another file"))
            }
            entry => Ok(entry),
        }
    }

    /// Adds this entry, whose number must be free.
    pub(super) fn insert(&self, db: &Connection) -> Result<(), Fault> {
        self.write(db.prepare_cached(
            "INSERT INTO files (id, file_id, name, size, chunk_size, first_seen, first_by, last_seen, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?)
    }

    /// Writes what may change of an entry that is there.
    pub(super) fn update(&self, db: &Connection) -> Result<(), Fault> {
        self.write(db.prepare_cached(
            "UPDATE files SET file_id = ?2, name = ?3, size = ?4, chunk_size = ?5, first_seen = ?6, first_by = ?7,
                              last_seen = ?8, checksum = ?9
             WHERE id = ?1",
        )?)
    }

    fn write(&self, mut statement: CachedStatement<'_>) -> Result<(), Fault> {
        let written = statement.execute(params![
            self.id,
            self.file_id.as_bytes(),
            self.name,
            self.layout.len(),
            self.layout.chunk_size().bytes(),
            self.first_seen,
            self.first_by.as_bytes(),
            self.last_seen,
            self.checksum(),
        ])?;
        if written == 1 { Ok(()) } else { Err(Fault::damaged("an entry vanished")) }
    }

    /// CRC-32 of everything else: what a disk, a cable or a memory turns into something else is noticed.
    fn checksum(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.id.to_be_bytes());
        hasher.update(self.file_id.as_bytes());
        for number in [self.layout.len(), self.layout.chunk_size().bytes().into(), self.first_seen, self.last_seen] {
            hasher.update(&number.to_be_bytes());
        }
        hasher.update(self.first_by.as_bytes());
        hasher.update(self.name.as_bytes());
        hasher.finalize()
    }
}
