//! Storage of bytes under a chunk store: a file, or in tests one that loses what was not synced.

use std::fs::File;
use std::io;

use parking_lot::Mutex;
use same_file::Handle;
use sprat_chunking::{ReadAt, WriteAt};

use crate::disk::stamp::FileStamp;

/// Bytes at offsets, durable once they are synced.
pub trait Storage: ReadAt + WriteAt + Send {
    /// Sets the length: cut, or with nothing where nothing was written.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Makes everything that was written before durable; blocks.
    fn sync(&self) -> io::Result<()>;

    /// Length, and the time of the last write.
    fn stamp(&self) -> io::Result<FileStamp>;

    /// Returns true if nothing was ever written between these offsets, as far as is known without reading.
    fn is_hole(&self, start: u64, end: u64) -> bool {
        let _ = (start, end);
        false
    }
}

/// File that several threads read and write.
///
/// Writers take turns: the system lets only one at a time into a file anyway, and the others would spin for it, which on two
/// cores costs as much as a tenth of a transfer. What they write was verified before, side by side.
#[derive(Debug)]
pub struct SharedFile {
    file: File,
    turn: Mutex<()>,
}

impl SharedFile {
    /// Shares this file, which is open for reading and writing.
    pub fn new(file: File) -> Self {
        Self { file, turn: Mutex::new(()) }
    }

    /// Returns a handle that tells which file this is, whatever is at its path now.
    pub fn handle(&self) -> io::Result<Handle> {
        Handle::from_file(self.file.try_clone()?)
    }
}

impl ReadAt for SharedFile {
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buf, offset)
    }
}

impl WriteAt for SharedFile {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let _turn = self.turn.lock();
        self.file.write_all_at(bytes, offset)
    }
}

impl Storage for SharedFile {
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn stamp(&self) -> io::Result<FileStamp> {
        Ok(FileStamp::of(&self.file.metadata()?))
    }

    /// Asks Linux; elsewhere what was never written is read as zeros, which match no hash.
    #[cfg(target_os = "linux")]
    fn is_hole(&self, start: u64, end: u64) -> bool {
        use rustix::fs::{SeekFrom, seek};
        // Everybody reads and writes at offsets of their own, so nobody minds where the cursor is.
        match seek(&self.file, SeekFrom::Data(start)) {
            Ok(data) => data >= end,
            Err(error) => error == rustix::io::Errno::NXIO,
        }
    }
}
