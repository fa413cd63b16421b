//! Ctrl-C: the first asks the command to end in good order, the second ends the program at once.

use std::process;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::terminal::failure::{Exit, Failure};

/// Wish of the user that the command end.
pub(crate) struct Interrupt {
    requested: CancellationToken,
    listener: JoinHandle<()>,
}

impl Interrupt {
    /// From now on Ctrl-C, SIGTERM and SIGHUP are requests.
    pub(crate) fn install() -> Result<Self, Failure> {
        let mut signals = Signals::new().map_err(|error| {
            Failure::failed(format!("can't listen for Ctrl-C: {error}; close some programs and try again"))
        })?;
        let requested = CancellationToken::new();
        let token = requested.clone();
        let listener = tokio::spawn(async move {
            signals.next().await;
            token.cancel();
            signals.next().await;
            process::exit(Exit::Interrupted as i32);
        });
        Ok(Self { requested, listener })
    }

    /// Returns once the user wants the command to end.
    pub(crate) async fn requested(&self) {
        self.requested.cancelled().await;
    }

    /// The same, for a thread that hashes.
    pub(crate) fn token(&self) -> CancellationToken {
        self.requested.clone()
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
