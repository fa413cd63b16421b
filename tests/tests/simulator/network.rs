//! A network in virtual time: hosts with cables of some speed, between them distance, loss, partitions and connections that die
//! without a word. What is sent in one connection arrives in its order, as TCP sees to; loss is a delay.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use rand::RngExt;
use rand::rngs::StdRng;
use sprat_peer::world::{Courier, Later, Listen, Network, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep, sleep_until};
use url::Url;

/// Number of bytes of one connection that may be under way in one direction.
const WINDOW: usize = 128 * 1024;
/// Number of bytes that share a cable's time at once.
const SEGMENT: usize = 16 * 1024;
/// Delay of what was lost and is sent again.
const RESENT_AFTER: Duration = Duration::from_millis(300);

/// State of the network between the hosts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// From one host to another.
    pub(crate) latency: Duration,
    /// At random up to so much more.
    pub(crate) jitter: Duration,
    /// Number of segments of a thousand that are lost.
    pub lost_of_1000: u32,
    /// Bytes per second of each host's cable, each way.
    pub(crate) rate: u64,
}

/// The network. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Net(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    rng: StdRng,
    weather: Weather,
    /// Time at which each host's cable is free again: away from it, and towards it.
    cables: HashMap<(IpAddr, bool), Instant>,
    listeners: HashMap<SocketAddr, mpsc::UnboundedSender<(End, SocketAddr)>>,
    /// Nothing gets from the first to the second.
    blocked: HashSet<(IpAddr, IpAddr)>,
    /// Hosts that cannot be dialled, as behind a router.
    hidden: HashSet<IpAddr>,
    /// Present addresses of hosts that have moved, by the address that they had first.
    moved: HashMap<IpAddr, IpAddr>,
    /// Addresses that nobody has any more.
    left: HashSet<IpAddr>,
    connections: Vec<Weak<Connection>>,
    next_port: u16,
    story: DefaultHasher,
    carried: u64,
    began: Instant,
}

/// Two pipes.
#[derive(Debug)]
struct Connection {
    net: Net,
    pipes: [Mutex<Pipe>; 2],
}

/// One direction.
#[derive(Debug)]
struct Pipe {
    from: IpAddr,
    to: IpAddr,
    /// Bytes under way, and when they arrive; nothing is the end.
    flight: VecDeque<(Instant, Bytes)>,
    bytes: usize,
    latest: Instant,
    writer_gone: bool,
    reader_gone: bool,
    /// Both sides learn that it is over.
    reset: bool,
    /// Nobody learns anything.
    dead: bool,
    wakers: [Option<Waker>; 2],
}

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct End {
    connection: Arc<Connection>,
    /// Which pipe leads away.
    out: usize,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Net {
    /// A network without hosts.
    pub(crate) fn new(rng: StdRng, weather: Weather) -> Self {
        Self(Arc::new(Mutex::new(State {
            rng,
            weather,
            cables: HashMap::new(),
            listeners: HashMap::new(),
            blocked: HashSet::new(),
            hidden: HashSet::new(),
            moved: HashMap::new(),
            left: HashSet::new(),
            connections: Vec::new(),
            next_port: 40_000,
            story: DefaultHasher::new(),
            carried: 0,
            began: Instant::now(),
        })))
    }

    /// Network as a host sees it that was at this address first, with the courier of its messages to trackers.
    pub(crate) fn host(&self, home: IpAddr, courier: Arc<dyn Courier>) -> Arc<dyn Network> {
        Arc::new(Host { net: self.clone(), home, courier })
    }

    /// Present address of a host that was at this address first.
    pub(crate) fn address(&self, home: IpAddr) -> IpAddr {
        self.lock().moved.get(&home).copied().unwrap_or(home)
    }

    /// A host gets another address: what is under way to the one that it had or from there is lost, and nobody hears of it.
    pub(crate) fn change_address(&self, home: IpAddr) {
        let old = self.address(home);
        let state = &mut *self.lock();
        state.left.insert(old);
        let number = u16::try_from(state.left.len()).expect("nobody moves that often").to_be_bytes();
        let new = IpAddr::V4(Ipv4Addr::new(10, 1, number[0], number[1]));
        state.moved.insert(home, new);
        let listeners = std::mem::take(&mut state.listeners);
        let at = |addr: SocketAddr| SocketAddr::new(if addr.ip() == old { new } else { addr.ip() }, addr.port());
        state.listeners = listeners.into_iter().map(|(addr, listener)| (at(addr), listener)).collect();
    }

    /// From now on nothing gets from one to the other.
    pub(crate) fn block(&self, from: IpAddr, to: IpAddr) {
        self.lock().blocked.insert((from, to));
    }

    /// Nobody can dial this host.
    pub(crate) fn hide(&self, ip: IpAddr) {
        self.lock().hidden.insert(ip);
    }

    fn is_hidden(&self, ip: IpAddr) -> bool {
        self.lock().hidden.contains(&ip)
    }

    /// From now on everything gets everywhere again.
    pub(crate) fn heal(&self) {
        self.lock().blocked.clear();
        self.for_each(|_, pipe| pipe.wake());
    }

    /// From now on everything gets from one to the other again.
    pub(crate) fn unblock(&self, from: IpAddr, to: IpAddr) {
        self.lock().blocked.remove(&(from, to));
        self.for_each(|_, pipe| pipe.wake());
    }

    /// Takes in what is dialled at this port of a host that was at this address first.
    pub(crate) fn listen(&self, home: SocketAddr) -> Box<dyn Listen> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let addr = self.now(home);
        self.lock().listeners.insert(addr, sender);
        Box::new(Listener { net: self.clone(), home, dialled: tokio::sync::Mutex::new(receiver) })
    }

    fn now(&self, home: SocketAddr) -> SocketAddr {
        SocketAddr::new(self.address(home.ip()), home.port())
    }

    /// Returns true if anything gets from one host to the other.
    pub(crate) fn is_open(&self, from: IpAddr, to: IpAddr) -> bool {
        let state = self.lock();
        !state.blocked.contains(&(from, to)) && !state.left.contains(&from) && !state.left.contains(&to)
    }

    /// Every connection of this host ends; both sides learn it, or nobody ever does.
    pub(crate) fn cut(&self, ip: IpAddr, silently: bool) {
        self.for_each(|_, pipe| {
            if pipe.from == ip || pipe.to == ip {
                (pipe.reset, pipe.dead) = (pipe.reset || !silently, pipe.dead || silently);
                pipe.wake();
            }
        });
    }

    /// Number of connections that at least one side still holds, of those that fell silent.
    pub(crate) fn dead_and_held(&self) -> usize {
        let mut held = 0;
        self.for_each(|n, pipe| held += usize::from(n == 0 && pipe.dead && !(pipe.writer_gone && pipe.reader_gone)));
        held
    }

    /// Time that a message takes.
    pub(crate) fn delay(&self) -> Duration {
        let state = &mut *self.lock();
        state.weather.latency + state.weather.jitter.mul_f64(state.rng.random_range(0.0..1.0))
    }

    /// Notes something that happened: the same seed tells the same story.
    pub(crate) fn note(&self, what: impl Hash) {
        let state = &mut *self.lock();
        (state.began.elapsed().as_micros(), what).hash(&mut state.story);
    }

    /// Everything that happened so far, as a number, and how many bytes were carried.
    pub(crate) fn story(&self) -> (u64, u64) {
        let state = self.lock();
        (state.story.finish(), state.carried)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics with it")
    }

    fn for_each(&self, mut change: impl FnMut(usize, &mut Pipe)) {
        let connections: Vec<_> = self.lock().connections.iter().filter_map(Weak::upgrade).collect();
        for connection in connections {
            for (n, pipe) in connection.pipes.iter().enumerate() {
                change(n, &mut pipe.lock().expect("nobody panics with it"));
            }
        }
    }

    /// Time at which so many bytes that are sent now arrive.
    fn arrival(&self, from: IpAddr, to: IpAddr, len: usize) -> Instant {
        let delay = self.delay();
        let state = &mut *self.lock();
        let takes = Duration::from_secs_f64(len as f64 / state.weather.rate as f64);
        let sent = state.cable((from, true), Instant::now(), takes);
        let lost = state.rng.random_range(0..1000) < state.weather.lost_of_1000;
        let there = sent + delay + if lost { RESENT_AFTER } else { Duration::ZERO };
        state.carried += len as u64;
        state.cable((to, false), there, takes)
    }

    async fn dial(self, from: IpAddr, to: SocketAddr) -> io::Result<Box<dyn Stream>> {
        let (there, back) = (self.delay(), self.delay());
        sleep(there).await;
        while !(self.is_open(from, to.ip()) && self.is_open(to.ip(), from)) || self.is_hidden(to.ip()) {
            // The system would try again and again, too.
            sleep(Duration::from_secs(1)).await;
        }
        let listener = self.lock().listeners.get(&to).cloned();
        sleep(back).await;
        let listener = listener.ok_or(io::ErrorKind::ConnectionRefused)?;
        let port = {
            let mut state = self.lock();
            state.next_port += 1;
            state.next_port
        };
        let pipe = |from, to| {
            let (flight, latest, wakers) = (VecDeque::new(), Instant::now(), [None, None]);
            let (writer_gone, reader_gone, reset, dead) = (false, false, false, false);
            Mutex::new(Pipe { from, to, flight, bytes: 0, latest, writer_gone, reader_gone, reset, dead, wakers })
        };
        let connection = Arc::new(Connection { net: self.clone(), pipes: [pipe(from, to.ip()), pipe(to.ip(), from)] });
        {
            let mut state = self.lock();
            state.connections.retain(|connection| connection.strong_count() > 0);
            state.connections.push(Arc::downgrade(&connection));
        }
        let [near, far] = [0, 1].map(|out| End { connection: connection.clone(), out, timer: None });
        self.note(("dialled", from, to));
        listener.send((far, SocketAddr::new(from, port))).map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(Box::new(near))
    }
}

impl State {
    /// Takes a cable's time from then on; gives when that is over.
    fn cable(&mut self, cable: (IpAddr, bool), at: Instant, takes: Duration) -> Instant {
        let free = self.cables.entry(cable).or_insert(at);
        *free = at.max(*free) + takes;
        *free
    }
}

impl End {
    fn pipe(&self, n: usize) -> MutexGuard<'_, Pipe> {
        self.connection.pipes[n].lock().expect("nobody panics with it")
    }
}

impl AsyncRead for End {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let connection = this.connection.clone();
        let mut pipe = connection.pipes[1 - this.out].lock().expect("nobody panics with it");
        if pipe.reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        pipe.wakers[0] = Some(cx.waker().clone());
        let is_open = !pipe.dead && connection.net.is_open(pipe.from, pipe.to);
        let Some(due) = pipe.flight.front().map(|(due, _)| *due).filter(|_| is_open) else { return Poll::Pending };
        if due > Instant::now() {
            let timer = this.timer.insert(Box::pin(sleep_until(due)));
            let _ = timer.as_mut().poll(cx);
            return Poll::Pending;
        }
        let (_, bytes) = pipe.flight.front_mut().expect("it was just there");
        let len = bytes.len().min(buf.remaining());
        buf.put_slice(&bytes.split_to(len));
        // The end stays, to be read again and again.
        if bytes.is_empty() && len > 0 {
            pipe.flight.pop_front();
        }
        pipe.bytes -= len;
        if let Some(writer) = pipe.wakers[1].take() {
            writer.wake();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let net = &self.connection.net;
        let mut pipe = self.pipe(self.out);
        if pipe.reset || (pipe.reader_gone && !pipe.dead && net.is_open(pipe.to, pipe.from)) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if pipe.bytes >= WINDOW {
            pipe.wakers[1] = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let len = buf.len().min(SEGMENT);
        net.note((pipe.from, pipe.to, len));
        pipe.push(net, Bytes::copy_from_slice(&buf[..len]));
        Poll::Ready(Ok(len))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe(self.out).end(&self.connection.net);
        Poll::Ready(Ok(()))
    }
}

impl Pipe {
    fn wake(&mut self) {
        self.wakers.iter_mut().filter_map(Option::take).for_each(Waker::wake);
    }

    fn push(&mut self, net: &Net, bytes: Bytes) {
        self.bytes += bytes.len();
        self.latest = net.arrival(self.from, self.to, bytes.len()).max(self.latest);
        self.flight.push_back((self.latest, bytes));
        if let Some(reader) = self.wakers[0].take() {
            reader.wake();
        }
    }

    fn end(&mut self, net: &Net) {
        if !std::mem::replace(&mut self.writer_gone, true) {
            self.push(net, Bytes::new());
        }
    }
}

impl Stream for End {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        // Nobody asks for the port.
        Ok(SocketAddr::new(self.pipe(self.out).from, 0))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.pipe(self.out).end(&self.connection.net);
        let mut read = self.pipe(1 - self.out);
        read.reader_gone = true;
        read.wake();
    }
}

/// A host's network.
#[derive(Debug)]
struct Host {
    net: Net,
    home: IpAddr,
    courier: Arc<dyn Courier>,
}

impl Network for Host {
    fn listen(&self, addr: SocketAddr) -> Later<'static, io::Result<Box<dyn Listen>>> {
        let (net, home) = (self.net.clone(), self.home);
        Box::pin(async move { Ok(net.listen(SocketAddr::new(home, addr.port()))) })
    }

    fn connect(&self, addr: SocketAddr) -> Later<'static, io::Result<Box<dyn Stream>>> {
        Box::pin(self.net.clone().dial(self.net.address(self.home), addr))
    }

    fn addresses(&self) -> io::Result<Vec<IpAddr>> {
        Ok(vec![self.net.address(self.home)])
    }

    fn courier(&self, _: &Url) -> Arc<dyn Courier> {
        self.courier.clone()
    }
}

/// Listener of a host; names every address as its own, whichever that is just now.
struct Listener {
    net: Net,
    home: SocketAddr,
    dialled: tokio::sync::Mutex<mpsc::UnboundedReceiver<(End, SocketAddr)>>,
}

impl Listen for Listener {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), self.home.port()))
    }

    fn accept(&self) -> Later<'_, io::Result<(Box<dyn Stream>, SocketAddr)>> {
        Box::pin(async {
            let dialled = self.dialled.lock().await.recv().await;
            let (end, from) = dialled.ok_or(io::ErrorKind::NotConnected)?;
            Ok((Box::new(end) as Box<dyn Stream>, from))
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let addr = self.net.now(self.home);
        self.net.lock().listeners.remove(&addr);
    }
}
