//! Frames over a byte stream: the encoding of [`sprat_protocol::wire::frame`], read from and written to a socket.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use sprat_protocol::wire::{self, Decoded, FrameError, Message};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::flow::incoming::Patience;
use crate::flow::settings::Throttle;
use crate::flow::upload_slots::Turn;
use crate::world::clock;

/// Number of bytes that are read ahead of a frame's header. It is small, since payloads are read straight into their
/// buffers.
const READ_AHEAD: usize = 1024;
/// Time a peer may take to accept the next bytes of a frame that has begun.
const STALLED: Duration = Duration::from_secs(30);

/// Reader of frames.
#[derive(Debug)]
pub(crate) struct FrameReader<R> {
    stream: R,
    buffer: BytesMut,
    heard: Arc<AtomicU64>,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Creates a reader of the frames of this stream.
    pub(crate) fn new(stream: R) -> Self {
        Self { stream, buffer: BytesMut::with_capacity(READ_AHEAD), heard: Arc::default() }
    }

    /// Returns the counter of bytes received, which keeps counting.
    pub(crate) fn heard(&self) -> Arc<AtomicU64> {
        self.heard.clone()
    }

    /// Reads the next message; `None` at the end of the stream. Its payload, if any, must be read before the message
    /// after it.
    ///
    /// Cancel safe: bytes read so far are kept.
    pub(crate) async fn next(&mut self) -> Result<Option<Decoded>, StreamError> {
        loop {
            if let Some(decoded) = wire::decode(&self.buffer)? {
                self.buffer.advance(decoded.consumed);
                return Ok(Some(decoded));
            }
            self.buffer.reserve(READ_AHEAD);
            let read = self.stream.read_buf(&mut self.buffer).await?;
            self.heard.fetch_add(read as u64, Ordering::Relaxed);
            if read == 0 {
                return if self.buffer.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// Fills `part`, the next bytes of a payload, from the stream.
    ///
    /// # Errors
    /// [`StreamError::Stalled`] once the peer sends too slowly for the patience that is left with it.
    pub(crate) async fn payload(&mut self, part: &mut [u8], patience: &mut Patience<'_>) -> Result<(), StreamError> {
        let buffered = self.buffer.len().min(part.len());
        self.buffer.copy_to_slice(&mut part[..buffered]);
        let mut rest = &mut part[buffered..];
        while !rest.is_empty() {
            let asked = clock::now();
            let read = timeout(Patience::GLANCE, self.stream.read(rest)).await.ok().transpose()?;
            if read == Some(0) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let read = read.unwrap_or(0);
            if !patience.lasts(clock::now().saturating_duration_since(asked), read) {
                return Err(StreamError::Stalled);
            }
            self.heard.fetch_add(read as u64, Ordering::Relaxed);
            rest = &mut rest[read..];
        }
        Ok(())
    }

    /// Reads a payload that nobody needs, and discards it.
    pub(crate) async fn skip(&mut self, mut len: usize) -> Result<(), StreamError> {
        let (mut scratch, mut patience) = ([0; READ_AHEAD], Patience::default());
        while len > 0 {
            let part = len.min(scratch.len());
            self.payload(&mut scratch[..part], &mut patience).await?;
            len -= part;
        }
        Ok(())
    }
}

/// Writer of frames.
#[derive(Debug)]
pub(crate) struct FrameWriter<W> {
    stream: W,
    heads: Vec<u8>,
}

impl<W: AsyncWrite + Unpin> FrameWriter<W> {
    /// Creates a writer of frames to this stream.
    pub(crate) fn new(stream: W) -> Self {
        Self { stream, heads: Vec::with_capacity(READ_AHEAD) }
    }

    /// Queues a message without payload; [`FrameWriter::flush`] or the next payload sends it.
    pub(crate) fn push(&mut self, message: &Message) {
        wire::encode(message, 0, &mut self.heads);
    }

    /// Returns the number of queued bytes.
    pub(crate) fn queued(&self) -> usize {
        self.heads.len()
    }

    /// Sends the queued messages, then this message and its payload.
    pub(crate) async fn send(&mut self, message: &Message, payload: &[u8]) -> Result<(), StreamError> {
        wire::encode(message, payload.len(), &mut self.heads);
        self.write(payload).await
    }

    /// Queues a message with a payload of this many bytes. [`FrameWriter::send_slice`] and [`FrameWriter::hand_over`]
    /// send the payload, and nothing else may be sent before all of it is.
    pub(crate) fn begin(&mut self, message: &Message, payload_len: usize) {
        wire::encode(message, payload_len, &mut self.heads);
    }

    /// Sends a part of a payload no faster than `throttle` allows, for as long as the turn lasts. Returns the number of
    /// its bytes that were sent: fewer than `slice` has only if the turn is over, and then they are not flushed.
    ///
    /// Under a limit the part is sent in small pieces, so that a slow connection is never silent for long. Time spent
    /// waiting for the other side, or for the limit of the transfer itself, counts against the turn.
    pub(crate) async fn send_slice(
        &mut self,
        throttle: &Throttle<'_>,
        turn: &mut Turn<'_>,
        slice: &[u8],
    ) -> Result<usize, StreamError> {
        let mut sent = 0;
        if throttle.is_unlimited() {
            turn.spend_all(self.write_from(slice, &mut sent)).await.transpose()?;
            return Ok(sent);
        }
        for piece in slice.chunks(throttle.slice_len()) {
            if turn.spend_all(throttle.take_own(piece.len())).await.is_none() {
                break;
            }
            throttle.take_all(piece.len()).await;
            let mut written = 0;
            let done = turn.spend_all(self.write_from(piece, &mut written)).await.transpose()?;
            sent += written;
            if done.is_none() {
                break;
            }
        }
        Ok(sent)
    }

    /// Writes a part of a payload without flushing it; [`FrameWriter::flush`] sends it. Right after a flush this does
    /// not wait, since the stream can then buffer a few bytes.
    pub(crate) async fn hand_over(&mut self, slice: &[u8]) -> Result<(), StreamError> {
        self.write_some(slice, &mut 0).await
    }

    /// Sends the queued messages.
    pub(crate) async fn flush(&mut self) -> Result<(), StreamError> {
        self.write(&[]).await
    }

    /// Writes the queued messages, then these bytes, and flushes.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        self.write_from(bytes, &mut 0).await
    }

    /// Writes the queued messages, then `bytes` from the byte `written` on, and flushes; keeps `written` up to date.
    ///
    /// Cancel safe: bytes not written yet can be written later.
    async fn write_from(&mut self, bytes: &[u8], written: &mut usize) -> Result<(), StreamError> {
        self.write_some(bytes, written).await?;
        in_time(self.stream.flush()).await
    }

    async fn write_some(&mut self, bytes: &[u8], written: &mut usize) -> Result<(), StreamError> {
        while !self.heads.is_empty() || *written < bytes.len() {
            let mut rest = Buf::chain(self.heads.as_slice(), &bytes[*written..]);
            let moved = in_time(self.stream.write_buf(&mut rest)).await?;
            if moved == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            let queued = moved.min(self.heads.len());
            self.heads.drain(..queued);
            *written += moved - queued;
        }
        Ok(())
    }
}

/// Awaits a write, or fails with [`StreamError::Stalled`] if it moves no byte within [`STALLED`].
async fn in_time<T>(moving: impl Future<Output = io::Result<T>>) -> Result<T, StreamError> {
    Ok(timeout(STALLED, moving).await.map_err(|_| StreamError::Stalled)??)
}

/// Reason for the end of a stream of frames.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    /// The bytes received are no frame.
    #[error("it sent nonsense: {0}")]
    Frame(#[from] FrameError),
    /// Too few bytes came, or none could be written, for too long.
    #[error("it stalled")]
    Stalled,
    /// The connection broke.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<io::ErrorKind> for StreamError {
    fn from(kind: io::ErrorKind) -> Self {
        Self::Io(kind.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_pass_a_stream_that_carries_a_few_bytes_at_a_time() {
        let (near, far) = tokio::io::duplex(7);
        let payload: Vec<u8> = (0..5000u32).map(|i| i as u8).collect();
        let sent = payload.clone();
        let writing = tokio::spawn(async move {
            let mut writer = FrameWriter::new(near);
            writer.push(&Message::Ping);
            writer.send(&Message::Chunk { request: 3 }, &sent).await.unwrap();
            writer.send(&Message::Chunk { request: 4 }, &sent).await.unwrap();
            writer.push(&Message::Pong);
            writer.flush().await.unwrap();
        });
        let mut reader = FrameReader::new(far);
        assert_eq!(reader.next().await.unwrap().unwrap().message, Message::Ping);
        let chunk = reader.next().await.unwrap().unwrap();
        assert_eq!((chunk.message, chunk.payload_len), (Message::Chunk { request: 3 }, 5000));
        let mut received = vec![0; 5000];
        reader.payload(&mut received, &mut Patience::default()).await.unwrap();
        assert!(received == payload);
        assert_eq!(reader.next().await.unwrap().unwrap().payload_len, 5000);
        reader.skip(5000).await.unwrap();
        assert_eq!(reader.next().await.unwrap().unwrap().message, Message::Pong);
        assert!(reader.next().await.unwrap().is_none());
        writing.await.unwrap();
    }

    /// Receives a payload that comes at so many bytes a second.
    async fn dribbled(a_second: usize) -> Result<(), StreamError> {
        let (mut near, far) = tokio::io::duplex(64 * 1024);
        let dribbling = async {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if near.write_all(&vec![0; a_second]).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let (mut reader, mut payload, mut patience) = (FrameReader::new(far), vec![0; 64 * 1024], Patience::default());
        tokio::select! {
            done = reader.payload(&mut payload, &mut patience) => done,
            () = dribbling => unreachable!("it never ends"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_dribbles_is_left_and_a_slow_one_is_not() {
        assert!(matches!(dribbled(200).await, Err(StreamError::Stalled)));
        assert!(dribbled(1024).await.is_ok());
        let (_silent, far) = tokio::io::duplex(64);
        let (mut reader, began) = (FrameReader::new(far), clock::now());
        assert!(reader.payload(&mut [0; 3], &mut Patience::default()).await.is_err());
        assert_eq!(clock::now() - began, Duration::from_secs(30));
    }

    #[tokio::test]
    async fn a_stream_that_ends_within_a_frame_is_an_error() {
        let mut reader = FrameReader::new(&b"\0\0\0\x0f\0\0\0\0{\"type\":\"PI"[..]);
        assert!(matches!(reader.next().await, Err(StreamError::Io(_))));
        let mut reader = FrameReader::new(&b"\xff\xff\xff\xff\0\0\0\0"[..]);
        assert!(matches!(reader.next().await, Err(StreamError::Frame(_))));
    }
}
