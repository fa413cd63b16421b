//! Task of a connection: one loop reads frames and dispatches them, the other writes queued messages.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sprat_chunking::FileId;
use sprat_protocol::wire::{Decoded, Message, RejectReason};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout, timeout_at};

use crate::flow::buffers::Buffer;
use crate::flow::incoming::Patience;
use crate::flow::settings::Throttle;
use crate::flow::upload_slots::Place;
use crate::peers::asked::{Claim, FromPeer, PeerNews, Questions};
use crate::peers::connection::{Connection, Driver, Outgoing};
use crate::peers::error::ConnectionError;
use crate::peers::held_back::Held;
use crate::peers::serving::Serving;
use crate::peers::uploads::Next;
use crate::wire::frames::FrameReader;
use crate::wire::frames::FrameWriter;
use crate::wire::frames::StreamError;
use crate::world::clock;

/// Number of bytes of small messages that are gathered before they are written.
const GATHERED: usize = 16 * 1024;
/// Time a peer has to answer a ping at its old address after a tracker reported a new one.
const DOUBT: Duration = Duration::from_secs(2);

impl Connection {
    /// Runs the connection until either side ends it, then tells every download that this peer is gone.
    pub(crate) async fn run<R, W>(self: Arc<Self>, serving: Arc<Serving>, driver: Driver<R, W>)
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let Driver { mut reader, mut writer, mut outbox } = driver;
        let heard = reader.heard();
        let ended = tokio::select! {
            biased;
            () = self.remote.gone.cancelled() => Ok(()),
            silent = self.silent_when_doubted(&heard) => Err(silent),
            ended = self.read(&serving, &mut reader) => ended,
            ended = self.write(&serving, &mut writer, &mut outbox) => ended,
        };
        self.close();
        match ended {
            Ok(()) => tracing::debug!(peer = %self.remote.peer_id, addr = %self.remote.addr, "connection closed"),
            Err(error) => {
                tracing::debug!(peer = %self.remote.peer_id, addr = %self.remote.addr, %error, "connection lost");
            }
        }
        // Entries of `wanted` hold files open, and the peer is not there to want them any more.
        self.wanted.lock().clear();
        self.uploads.lock().clear();
        let listeners = std::mem::take(&mut self.downloads.lock().listeners);
        for listener in listeners.into_values() {
            let _ = listener.send(FromPeer { key: self.key, news: PeerNews::Gone }).await;
        }
    }

    async fn read<R: AsyncRead + Unpin>(
        self: &Arc<Self>,
        serving: &Serving,
        reader: &mut FrameReader<R>,
    ) -> Result<(), ConnectionError> {
        let mut pinged = false;
        loop {
            match timeout(serving.idle_timeout / 2, reader.next()).await {
                Ok(frame) => {
                    let Some(frame) = frame? else { return Ok(()) };
                    pinged = false;
                    self.receive(serving, frame, reader).await?;
                }
                Err(_) if pinged => return Err(ConnectionError::Silent),
                Err(_) => {
                    self.post(Message::Ping);
                    pinged = true;
                }
            }
        }
    }

    /// Waits until the connection is doubted and the other side then sends no byte within `DOUBT` of a ping. Bytes of
    /// any kind count, for example the rest of a chunk.
    async fn silent_when_doubted(&self, heard: &AtomicU64) -> ConnectionError {
        loop {
            self.doubted.notified().await;
            let before = heard.load(Ordering::Relaxed);
            self.post(Message::Ping);
            sleep(DOUBT).await;
            if heard.load(Ordering::Relaxed) == before {
                return ConnectionError::Silent;
            }
        }
    }

    /// Handles one message, or passes it to the download that it is for.
    async fn receive<R: AsyncRead + Unpin>(
        self: &Arc<Self>,
        serving: &Serving,
        Decoded { message, payload_len, .. }: Decoded,
        reader: &mut FrameReader<R>,
    ) -> Result<(), ConnectionError> {
        match message {
            Message::Chunk { request } => self.receive_chunk(serving, request, payload_len, reader).await,
            Message::Bitfield { file_id, name, size, chunk_size, num_chunks, complete } => {
                self.answered(&file_id, |questions| &mut questions.wants, "a BITFIELD that was not asked for")?;
                let bits = self.receive_payload(serving, payload_len, None, reader).await?;
                let bits = (!complete).then(|| bits.to_vec());
                self.tell(&file_id, PeerNews::Has(Claim { name, size, chunk_size, num_chunks, bits })).await;
                Ok(())
            }
            Message::Hashes { file_id, chunk_size } => {
                self.answered(&file_id, |questions| &mut questions.hashes, "HASHES that were not asked for")?;
                let bytes = self.receive_payload(serving, payload_len, None, reader).await?;
                self.tell(&file_id, PeerNews::Hashes(chunk_size, bytes)).await;
                Ok(())
            }
            Message::Have { file_id, chunks } => {
                self.tell(&file_id, PeerNews::Got(chunks)).await;
                Ok(())
            }
            Message::Reject { file_id, request, reason, retry_after } => {
                self.receive_reject(file_id, request, reason, retry_after).await
            }
            Message::Ping => {
                self.post(Message::Pong);
                Ok(())
            }
            Message::Pong => Ok(()),
            Message::Unknown => Ok(reader.skip(payload_len).await?),
            Message::Hello(_) => Err(ConnectionError::OutOfTurn("a second HELLO")),
            Message::Want { .. }
            | Message::HashesRequest { .. }
            | Message::ChunkRequest { .. }
            | Message::Cancel { .. } => {
                self.answer(serving, message);
                Ok(())
            }
        }
    }

    /// Counts an answer to a question of this kind.
    ///
    /// # Errors
    /// [`ConnectionError::OutOfTurn`] with `otherwise` if no such question is open.
    fn answered(
        &self,
        file_id: &FileId,
        kind: impl Fn(&mut Questions) -> &mut u32,
        otherwise: &'static str,
    ) -> Result<(), ConnectionError> {
        let mut downloads = self.downloads.lock();
        let Some(questions) = downloads.questions.get_mut(file_id) else {
            return Err(ConnectionError::OutOfTurn(otherwise));
        };
        let asked = kind(questions);
        *asked = asked.checked_sub(1).ok_or(ConnectionError::OutOfTurn(otherwise))?;
        if (questions.wants, questions.hashes) == (0, 0) {
            downloads.questions.remove(file_id);
        }
        Ok(())
    }

    /// Reads a payload, no faster than `throttle` allows. While there is no room for it, nothing more is read from this
    /// connection.
    async fn receive_payload<R: AsyncRead + Unpin>(
        &self,
        serving: &Serving,
        len: usize,
        throttle: Option<Throttle<'_>>,
        reader: &mut FrameReader<R>,
    ) -> Result<Buffer, ConnectionError> {
        let throttle = throttle.filter(|throttle| !throttle.is_unlimited());
        let mut incoming = serving.flow.buffers.receive(len);
        let mut patience = incoming.patience(&serving.flow.buffers);
        while let Some(part) = incoming.next().await {
            match &throttle {
                None => reader.payload(part, &mut patience).await?,
                Some(throttle) => self.read_held_back(serving, throttle, part, &mut patience, reader).await?,
            }
        }
        Ok(incoming.complete())
    }

    async fn receive_chunk<R: AsyncRead + Unpin>(
        &self,
        serving: &Serving,
        number: u32,
        len: usize,
        reader: &mut FrameReader<R>,
    ) -> Result<(), ConnectionError> {
        let request = self.downloads.lock().requests.remove(&number);
        let request = request.ok_or(ConnectionError::OutOfTurn("a chunk that was not asked for"))?;
        if len > request.max_len {
            return Err(ConnectionError::OutOfTurn("a chunk that is too long"));
        }
        let throttle = serving.flow.download_throttle(&request.file_id);
        let chunk = self.receive_payload(serving, len, Some(throttle), reader).await?;
        request.tell(self.key, PeerNews::Chunk(request.index, chunk)).await;
        Ok(())
    }

    /// Reads a part of a chunk in slices, each as soon as the limits allow. Pings the peer meanwhile, so that it does not
    /// consider this side lost.
    pub(crate) async fn read_held_back<R: AsyncRead + Unpin>(
        &self,
        serving: &Serving,
        throttle: &Throttle<'_>,
        part: &mut [u8],
        patience: &mut Patience<'_>,
        reader: &mut FrameReader<R>,
    ) -> Result<(), StreamError> {
        let sign_of_life = serving.idle_timeout / 4;
        let mut ping_at = clock::now() + sign_of_life;
        for slice in part.chunks_mut(throttle.slice_len()) {
            self.held_back.set(Held::Now);
            let mut taking = pin!(throttle.take(slice.len()));
            while timeout_at(ping_at.into(), &mut taking).await.is_err() {
                self.post(Message::Ping);
                ping_at = clock::now() + sign_of_life;
            }
            self.held_back.set(Held::Until(clock::now()));
            reader.payload(slice, patience).await?;
        }
        Ok(())
    }

    async fn receive_reject(
        &self,
        file_id: FileId,
        number: Option<u32>,
        reason: RejectReason,
        retry_after: Option<u32>,
    ) -> Result<(), ConnectionError> {
        let retry_after = retry_after.map(|milliseconds| Duration::from_millis(u64::from(milliseconds)));
        let Some(number) = number else {
            self.tell(&file_id, PeerNews::Rejected(None, reason, retry_after)).await;
            return Ok(());
        };
        let request = self.downloads.lock().requests.remove(&number);
        let request = request.ok_or(ConnectionError::OutOfTurn("a REJECT of what was not asked for"))?;
        request.tell(self.key, PeerNews::Rejected(Some(request.index), reason, retry_after)).await;
        Ok(())
    }

    async fn tell(&self, file_id: &FileId, news: PeerNews) {
        let listener = self.downloads.lock().listeners.get(file_id).cloned();
        if let Some(listener) = listener {
            let _ = listener.send(FromPeer { key: self.key, news }).await;
        }
    }

    async fn write<W: AsyncWrite + Unpin>(
        self: &Arc<Self>,
        serving: &Serving,
        writer: &mut FrameWriter<W>,
        outbox: &mut mpsc::Receiver<Outgoing>,
    ) -> Result<(), ConnectionError> {
        let mut next: Option<Next> = None;
        let mut place = Place::new(&serving.flow.upload_slots);
        loop {
            // While this connection may have to wait for the other side, it holds no part of a file.
            if self.outbox_bytes.load(Ordering::Relaxed) > 0 {
                next.iter_mut().for_each(Next::let_go);
            }
            while writer.queued() < GATHERED {
                let Ok(outgoing) = outbox.try_recv() else { break };
                place.keep_during(self.write_one(writer, outgoing)).await?;
            }
            self.push_news(writer);
            if next.is_none() && !self.has_uploads() {
                place.leave();
            } else if let Some(turn) = place.enter(serving.flow.upload_rate.rate()) {
                self.upload_one(serving, writer, &mut next, turn).await?;
                continue;
            }
            next.iter_mut().for_each(Next::let_go);
            if writer.queued() > 0 {
                place.keep_during(writer.flush()).await?;
                continue;
            }
            tokio::select! {
                biased;
                Some(outgoing) = outbox.recv() => place.keep_during(self.write_one(writer, outgoing)).await?,
                () = self.wake.notified() => {}
                turn = place.reached() => self.upload_one(serving, writer, &mut next, turn).await?,
            }
        }
    }

    async fn write_one<W: AsyncWrite + Unpin>(
        &self,
        writer: &mut FrameWriter<W>,
        Outgoing { message, payload }: Outgoing,
    ) -> Result<(), ConnectionError> {
        if payload.is_empty() {
            writer.push(&message);
            Ok(())
        } else {
            self.outbox_bytes.fetch_sub(payload.len(), Ordering::Relaxed);
            Ok(writer.send(&message, &payload).await?)
        }
    }
}

#[cfg(test)]
mod tests {
    use sprat_protocol::wire::WIRE_VERSION;

    use sprat_chunking::ChunkSize;
    use sprat_protocol::PeerId;
    use sprat_protocol::wire::Hello;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::wire::remote::Ends;

    fn connection() -> (Arc<Connection>, Driver<tokio::io::Empty, tokio::io::Sink>) {
        let (agent, name) = (String::new(), String::new());
        let hello = Hello { version: WIRE_VERSION, peer_id: PeerId::new([1; 32]), agent, port: 0, name };
        let ends = Ends { addr: ([127, 0, 0, 1], 4000).into(), own: None, dialled: true };
        let streams = (FrameReader::new(tokio::io::empty()), FrameWriter::new(tokio::io::sink()));
        Connection::new(1, &hello, ends, streams, CancellationToken::new())
    }

    #[test]
    fn each_question_is_answered_once_and_late_is_not_unasked() {
        let (connection, _driver) = connection();
        let (file_id, other) = (FileId::new([2; 32]), FileId::new([3; 32]));
        let bitfield = |file_id| connection.answered(file_id, |questions| &mut questions.wants, "a BITFIELD");
        let hashes = |file_id| connection.answered(file_id, |questions| &mut questions.hashes, "HASHES");
        assert!(bitfield(&file_id).is_err() && hashes(&file_id).is_err(), "nothing was asked");
        let (listener, _heard) = mpsc::channel(1);
        connection.want(file_id, ChunkSize::DEFAULT, listener);
        connection.request_hashes(file_id, ChunkSize::DEFAULT);
        // The download ends before its peer answers.
        connection.forget(&file_id);
        assert!(bitfield(&other).is_err() && hashes(&other).is_err(), "that is another file");
        assert!(hashes(&file_id).is_ok() && hashes(&file_id).is_err());
        assert!(bitfield(&file_id).is_ok() && bitfield(&file_id).is_err());
        assert!(connection.downloads.lock().questions.is_empty(), "nothing is left of it");
    }
}
