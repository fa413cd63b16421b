//! Work that goes on beside the window.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

/// Work that goes on beside the window, and its result.
pub type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Runs work that blocks on a thread that may block, and waits for it no longer than `patience`.
pub(super) fn within<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Pending<io::Result<T>> {
    Box::pin(async move {
        let done = tokio::time::timeout(patience, tokio::task::spawn_blocking(work)).await?;
        done.map_err(io::Error::other).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_hangs_is_not_waited_for() {
        let (_hold, held) = std::sync::mpsc::channel::<()>();
        let hangs = within(Duration::from_millis(50), move || Ok(held.recv().is_ok()));
        assert_eq!(hangs.await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(within(Duration::from_secs(60), || Ok(7)).await.unwrap(), 7);
    }
}
