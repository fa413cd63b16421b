//! One window for one state directory: a second one hands what it should open to the first, and ends.
//!
//! The first holds the lock on `window.lock` for as long as its process lives, listens on a local socket, and writes
//! the socket's address to `window.address`. Whoever does not get the lock connects to that address, sends one line
//! (`message`) and waits for the answer. What a killed process left behind is in nobody's way: its lock is gone, and the
//! next one listens anew (`place`).

mod message;
mod place;

use std::path::Path;
use std::time::Duration;
use std::{fmt, io, thread};

use interprocess::local_socket::tokio::prelude::*;
use interprocess::local_socket::{GenericFilePath, tokio as local};
use place::{Occupied, Place};
use tokio::io::AsyncWriteExt as _;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Time in which a second window tries to reach the first.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time for which the first window listens to a connection that is silent.
const ATTENTION: Duration = Duration::from_millis(500);
/// Time between two tries to reach a first window that is about to listen, or about to end.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
/// Answer of the first window once it has all arguments.
const ANSWER: &[u8] = b"ok\n";

/// Result of [`hand_over`].
#[derive(Debug)]
pub enum HandOver {
    /// Another window has the arguments now.
    Handed,
    /// No other window runs. This one can listen for later ones.
    Alone(Listener),
    /// Another window may run, but cannot be reached.
    Unanswered(io::Error),
}

/// Hands arguments, which may be none, to the window that runs on this state directory, if one does. Takes two seconds
/// at most.
pub fn hand_over(state_dir: &Path, open: &[String]) -> HandOver {
    hand_over_within(PATIENCE, state_dir, open).unwrap_or_else(HandOver::Unanswered)
}

fn hand_over_within(patience: Duration, state_dir: &Path, open: &[String]) -> io::Result<HandOver> {
    let lines = message::lines(open)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let tried = runtime.block_on(async { tokio::time::timeout(patience, lock_or_send(state_dir, &lines)).await });
    match tried.map_err(io::Error::from).flatten()? {
        Some(place) => Listener::new(runtime, place).map(HandOver::Alone),
        None => Ok(HandOver::Handed),
    }
}

/// Takes the place, if nobody has it. Returns `None` once whoever has it has got the lines.
async fn lock_or_send(state_dir: &Path, lines: &[String]) -> io::Result<Option<Place>> {
    let mut unsent = lines.iter().peekable();
    loop {
        let address = match Place::take(state_dir)? {
            Ok(place) => return Ok(Some(place)),
            Err(Occupied { address }) => address,
        };
        while let Some(line) = unsent.peek() {
            match send(&address, line).await {
                Ok(()) => drop(unsent.next()),
                Err(error) => {
                    tracing::debug!(%error, "the other window is not to be reached yet");
                    break;
                }
            }
        }
        if unsent.peek().is_none() {
            return Ok(None);
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

async fn send(address: &io::Result<String>, line: &str) -> io::Result<()> {
    let address = address.as_ref().map_err(|error| io::Error::from(error.kind()))?;
    let stream = local::Stream::connect(address.as_str().to_fs_name::<GenericFilePath>()?).await?;
    (&stream).write_all(line.as_bytes()).await?;
    match message::read_line(&stream).await? {
        answer if answer == ANSWER => Ok(()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Listener of the first window that does not listen yet.
pub struct Listener {
    runtime: Runtime,
    /// Socket of the listener, in a box, since a pipe of Windows is large.
    socket: Box<local::Listener>,
    place: Place,
}

impl Listener {
    fn new(runtime: Runtime, mut place: Place) -> io::Result<Self> {
        let socket = {
            let _entered = runtime.enter();
            Box::new(place.listen()?)
        };
        Ok(Self { runtime, socket, place })
    }

    /// Listens on a thread of its own, and calls `on_open` with the arguments of every further window: none, if it was
    /// only started.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn serve(self, on_open: impl Fn(Vec<String>) -> bool + Send + 'static) -> io::Result<Serving> {
        let Self { runtime, socket, place } = self;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let run = move || {
            // Nothing comes of it: it ends when it is told to.
            runtime.block_on(stopped.run_until_cancelled(listen(&socket, on_open)));
        };
        let thread = thread::Builder::new().name("sprat-open".to_owned()).spawn(run)?;
        Ok(Serving { stop: stop.drop_guard(), thread, place })
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Listener of the first window that listens.
#[derive(Debug)]
pub struct Serving {
    stop: DropGuard,
    thread: thread::JoinHandle<()>,
    place: Place,
}

impl Serving {
    /// Stops listening. A window that is started while the place is still held waits a while for its end, so that it
    /// does not find the engine's state directory in use.
    pub fn close(self) -> Place {
        let Self { stop, thread, place } = self;
        drop(stop);
        if thread.join().is_err() {
            tracing::error!("listening for other windows broke");
        }
        place
    }
}

async fn listen(socket: &local::Listener, on_open: impl Fn(Vec<String>) -> bool) {
    loop {
        let heard = match socket.accept().await {
            Ok(stream) => tokio::time::timeout(ATTENTION, hear(&stream, &on_open)).await,
            Err(error) => {
                tracing::warn!(%error, "can't hear other windows");
                tokio::time::sleep(PATIENCE).await;
                continue;
            }
        };
        if let Err(error) = heard.map_err(io::Error::from).flatten() {
            tracing::warn!(%error, "could not make out what another window said");
        }
    }
}

/// Takes the arguments of one window. Windows are heard one at a time: they are all of one user, and none gets much
/// attention.
async fn hear(stream: &local::Stream, on_open: &impl Fn(Vec<String>) -> bool) -> io::Result<()> {
    let open = message::parse(&message::read_line(stream).await?)?;
    if !on_open(open) {
        return Err(io::Error::other("too much waits to be opened"));
    }
    let mut stream = stream;
    stream.write_all(ANSWER).await
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Instant;

    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn first(dir: &Path) -> (Serving, Receiver<Vec<String>>) {
        let HandOver::Alone(listener) = hand_over(dir, &[]) else { panic!("nobody else is here") };
        let (heard, hear) = channel();
        let serving = listener.serve(move |open| heard.send(open).is_ok()).unwrap();
        (serving, hear)
    }

    #[test]
    fn the_first_gets_what_the_second_was_to_open() {
        let dir = tempfile::tempdir().unwrap();
        let (serving, heard) = first(dir.path());
        for open in [&["sprat:1", "/tmp/a b\n\u{1f41f}"][..], &[]] {
            assert!(matches!(hand_over(dir.path(), &words(open)), HandOver::Handed));
            assert_eq!(heard.try_recv().unwrap(), open, "it has them before the second one ends");
        }
        drop(serving.close());
        assert!(matches!(hand_over(dir.path(), &[]), HandOver::Alone(_)));
    }

    #[test]
    fn many_arguments_arrive_in_several_messages() {
        let dir = tempfile::tempdir().unwrap();
        let (_serving, heard) = first(dir.path());
        let open: Vec<String> = (0..150).map(|n| format!("/{n}/{}", "x".repeat(1000))).collect();
        assert!(matches!(hand_over(dir.path(), &open), HandOver::Handed));
        assert_eq!(heard.try_iter().flatten().collect::<Vec<_>>(), open);
    }

    #[test]
    fn a_directory_with_a_long_path_has_its_socket_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("d".repeat(120)).join("\u{1f41f}");
        let (serving, heard) = first(&deep);
        assert!(matches!(hand_over(&deep, &words(&["a"])), HandOver::Handed));
        assert_eq!(heard.try_recv().unwrap(), ["a"]);
        drop(serving.close());
    }

    #[test]
    fn one_that_is_stuck_holds_nobody_up() {
        let dir = tempfile::tempdir().unwrap();
        let HandOver::Alone(_silent) = hand_over(dir.path(), &[]) else { panic!("nobody else is here") };
        let before = Instant::now();
        let patience = Duration::from_millis(200);
        assert!(hand_over_within(patience, dir.path(), &[]).is_err());
        assert!(before.elapsed() < PATIENCE);
    }

    #[test]
    fn one_that_is_about_to_end_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let (serving, _) = first(dir.path());
        let place = serving.close();
        assert!(hand_over_within(Duration::from_millis(100), dir.path(), &[]).is_err());
        let path = dir.path().to_owned();
        let second = thread::spawn(move || matches!(hand_over(&path, &[]), HandOver::Alone(_)));
        drop(place);
        assert!(second.join().unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn nonsense_and_silence_do_not_stop_it() {
        use std::io::Write as _;
        use std::os::unix::net::UnixStream;
        let dir = tempfile::tempdir().unwrap();
        let (_serving, heard) = first(dir.path());
        let connect = || UnixStream::connect(dir.path().join("window/socket")).unwrap();
        let _silent = connect();
        connect().write_all(b"{\"open\":7}\n").unwrap();
        let _ = connect().write_all(&[b'x'; 100_000]);
        assert!(matches!(hand_over(dir.path(), &words(&["a"])), HandOver::Handed));
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [["a"]]);
    }
}
