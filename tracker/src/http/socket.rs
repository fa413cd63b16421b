//! A socket that tells the [`Progress`] of its connection what comes and goes, and that hangs up last.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::progress::Progress;

/// Upper bound of the bytes that are read of what a client still sends after the last answer.
const MAX_LINGER_LEN: usize = 2 * 1024 * 1024;

/// A socket, or what speaks TLS on one.
#[derive(Debug)]
pub(super) struct Socket<S> {
    inner: S,
    progress: Arc<Progress>,
    /// Set while there are bytes that the client does not take.
    stuck: bool,
    /// Bytes that were thrown away after the last answer, once that is written.
    lingered: Option<usize>,
}

impl<S> Socket<S> {
    pub(super) fn new(inner: S, progress: Arc<Progress>) -> Self {
        Self { inner, progress, stuck: false, lingered: None }
    }

    /// Notes when the client does not take what is written.
    fn note<T>(&mut self, written: Poll<T>) -> Poll<T> {
        if written.is_pending() && !self.stuck {
            self.stuck = true;
            self.progress.stuck();
        }
        written
    }

    /// Notes that the client has taken all that was written.
    fn flushed(&mut self) {
        if self.stuck {
            self.stuck = false;
            self.progress.flushed();
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let filled = buffer.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buffer))?;
        if buffer.filled().len() > filled {
            this.progress.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bytes);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    /// Called when there is nothing left to write.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        ready!(self.note(flushed))?;
        self.flushed();
        Poll::Ready(Ok(()))
    }

    /// Says that nothing more will come. Where the client may still be sending, waits until it has hung up too: the system
    /// throws away what the client has not received yet when a socket is closed that has something to read in it.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingered.is_none() {
            let shut_down = Pin::new(&mut this.inner).poll_shutdown(cx);
            ready!(this.note(shut_down))?;
            this.flushed();
            if !this.progress.closing() {
                return Poll::Ready(Ok(()));
            }
        }
        let lingered = this.lingered.get_or_insert(0);
        let mut scratch = [0; 4096];
        while *lingered < MAX_LINGER_LEN {
            let mut buffer = ReadBuf::new(&mut scratch);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                break;
            }
            *lingered += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}
