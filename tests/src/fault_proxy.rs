//! A wire in trouble: a relay in front of a peer that delays, slows down, stalls, cuts and damages what passes, at the byte that
//! a seed chooses, in each direction for itself.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// So much passes at a time, so that a delay and a rate hold within a chunk.
const PIECE: usize = 16 * 1024;
/// About so many bytes pass in each direction before the first chunk does.
const FIRST_WORDS: u64 = 4000;

/// Fault of one connection in one direction, once so many bytes have passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing passes for so long, then all goes on.
    Stall(Duration),
    /// Nothing passes any more, in either direction, and nobody is told: the cable was pulled.
    Silence,
    /// This bit of the next byte is wrong.
    FlipBit(u8),
    /// So many bytes are missing, and the rest follows.
    LeaveOut(u32),
    /// The stream ends as if all had been said (FIN).
    Truncate,
    /// The connection is reset (RST), on both sides.
    Reset,
}

/// One direction of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Course {
    /// Time for which each piece is held back.
    pub delay: Duration,
    /// Bytes a second; none is no limit.
    pub rate: Option<u32>,
    /// Fault of the connection, and the number of bytes before it.
    pub fault: Option<(u64, Fault)>,
}

impl Course {
    /// Something that goes wrong within the first `within` bytes.
    pub fn random(rng: &mut SmallRng, within: u64) -> Self {
        let fault = match rng.random_range(0..6) {
            0 => Fault::Stall(Duration::from_millis(rng.random_range(1..500))),
            1 => Fault::Silence,
            2 => Fault::FlipBit(rng.random_range(0..8)),
            3 => Fault::LeaveOut(rng.random_range(1..5000)),
            4 => Fault::Truncate,
            _ => Fault::Reset,
        };
        let rate = rng.random_bool(0.3).then(|| rng.random_range(500_000..5_000_000));
        // Half of them before the first chunk.
        let within = if rng.random_bool(0.5) { within.min(FIRST_WORDS) } else { within };
        let at = rng.random_range(0..within);
        Self { delay: Duration::from_millis(rng.random_range(0..3)), rate, fault: Some((at, fault)) }
    }
}

/// Both directions of a connection: from who dials, and to who dials.
pub type Courses = [Course; 2];

/// A relay that ends with this value.
pub struct FaultProxy {
    /// Address that the proxy listens at.
    pub addr: SocketAddr,
    books: Books,
    _task: JoinSet<()>,
}

/// Account of all that the proxy has seen so far.
#[derive(Clone, Default)]
struct Books {
    connections: Arc<AtomicUsize>,
    faults: Arc<AtomicUsize>,
    passed: Arc<AtomicU64>,
}

impl FaultProxy {
    /// A relay to `to` that treats its connections, numbered from 0, as `plan` says.
    pub async fn start(to: SocketAddr, mut plan: impl FnMut(usize) -> Courses + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let addr = listener.local_addr().expect("a listener has an address");
        let (books, mut task) = (Books::default(), JoinSet::new());
        let counted = books.clone();
        task.spawn(async move {
            let mut running = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(to).await else { continue };
                let courses = plan(counted.connections.fetch_add(1, Ordering::Relaxed));
                running.spawn(relay(near, far, courses, counted.clone()));
            }
        });
        Self { addr, books, _task: task }
    }

    /// A relay whose first connections, so many, each have something go wrong in each direction: from who dials within what
    /// peers say first, to who dials within the first `within` bytes. All that come later are well.
    pub async fn seeded(to: SocketAddr, seed: u64, troubled: usize, within: u64) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed);
        let plan = move |number| match number < troubled {
            true => [Course::random(&mut rng, FIRST_WORDS), Course::random(&mut rng, within)],
            false => Courses::default(),
        };
        Self::start(to, plan).await
    }

    /// Number of connections so far.
    pub fn connections(&self) -> usize {
        self.books.connections.load(Ordering::Relaxed)
    }

    /// Number of faults that have happened.
    pub fn faults(&self) -> usize {
        self.books.faults.load(Ordering::Relaxed)
    }

    /// Number of bytes that have passed, both ways.
    pub fn passed(&self) -> u64 {
        self.books.passed.load(Ordering::Relaxed)
    }
}

/// End of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// All was said.
    Finished,
    Silence,
    Reset,
}

async fn relay(mut near: TcpStream, mut far: TcpStream, [up, down]: Courses, books: Books) {
    // What is passed on is not to wait for more of it.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let end = {
        let ((near_in, near_out), (far_in, far_out)) = (near.split(), far.split());
        let mut up = pin!(pass(near_in, far_out, up, &books));
        let mut down = pin!(pass(far_in, near_out, down, &books));
        let (mut up_ended, mut down_ended) = (false, false);
        loop {
            let end = tokio::select! {
                end = &mut up, if !up_ended => { up_ended = true; end }
                end = &mut down, if !down_ended => { down_ended = true; end }
                else => break End::Finished,
            };
            if end != End::Finished {
                break end;
            }
        }
    };
    match end {
        End::Finished => {}
        // Both sides stay open, and nothing is read from them.
        End::Silence => std::future::pending().await,
        End::Reset => {
            let _ = (near.set_zero_linger(), far.set_zero_linger());
        }
    }
}

async fn pass(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, course: Course, books: &Books) -> End {
    let mut passed = 0;
    let mut fault = course.fault;
    let mut buffer = vec![0; PIECE];
    loop {
        // Up to the fault and no further.
        let room = fault.map_or(PIECE as u64, |(at, _)| (at - passed).min(PIECE as u64)) as usize;
        if let Some((_, fault)) = fault.take_if(|_| room == 0) {
            books.faults.fetch_add(1, Ordering::Relaxed);
            if let Some(end) = befall(fault, &mut from, &mut to).await {
                return end;
            }
            continue;
        }
        let Ok(read @ 1..) = from.read(&mut buffer[..room]).await else {
            let _ = to.shutdown().await;
            return End::Finished;
        };
        let slow = course.rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(read as f64 / f64::from(rate)));
        sleep(course.delay + slow).await;
        if to.write_all(&buffer[..read]).await.is_err() {
            return End::Finished;
        }
        passed += read as u64;
        books.passed.fetch_add(read as u64, Ordering::Relaxed);
    }
}

/// Lets a fault happen; gives how the direction ends if it does.
async fn befall(fault: Fault, from: &mut ReadHalf<'_>, to: &mut WriteHalf<'_>) -> Option<End> {
    match fault {
        Fault::Stall(time) => sleep(time).await,
        Fault::Silence => return Some(End::Silence),
        Fault::Reset => return Some(End::Reset),
        Fault::Truncate => {
            let _ = to.shutdown().await;
            return Some(End::Finished);
        }
        Fault::FlipBit(bit) => {
            let mut byte = [0];
            if from.read_exact(&mut byte).await.is_ok() {
                let _ = to.write_all(&[byte[0] ^ 1 << bit]).await;
            }
        }
        Fault::LeaveOut(bytes) => {
            let mut lost = vec![0; bytes as usize];
            let _ = from.read_exact(&mut lost).await;
        }
    }
    None
}
