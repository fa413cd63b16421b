//! Metrics: the numbers that the tracker keeps about itself, for Prometheus.
//!
//! Whoever has something to count holds a handle: recording is a few atomic operations, or a lock held for as long as an addition
//! takes. What is known elsewhere anyway, such as how many peers there are, is asked for when somebody wants the numbers.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::process::ProcessMetrics;
use crate::model::holding::Totals;

/// Upper bounds in seconds: around a request from memory, around one that asks a cluster or a disk, and around the time-outs.
const BUCKETS: [f64; 16] =
    [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
/// Number of kinds of requests.
const KINDS: usize = MessageKind::Other as usize + 1;
const STATUS_CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Counters with one label, whose values are few and known.
type Counters = Family<[(&'static str, &'static str); 1], Counter>;
/// Histograms with labels likewise.
type Histograms<const LABELS: usize> = Family<[(&'static str, &'static str); LABELS], Histogram, fn() -> Histogram>;

/// All numbers that a tracker keeps about itself.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Histograms<2>,
    /// The same, at hand.
    request_cells: [[OnceLock<Histogram>; STATUS_CLASSES.len()]; KINDS],
    in_flight: Gauge,
    connections: Gauge,
    refused: Counters,
    cut_off: Counters,
    caps: Counters,
    registers_refused: Counters,
    misdirected: Counter,
    tokens_refused: Counters,
    certificate_expiry: Family<[(&'static str, &'static str); 1], Gauge>,
    process: ProcessMetrics,
    store: Histograms<1>,
    catalogue: CatalogueMetrics,
    totals: TotalGauges,
}

/// Thing that is counted by reasons, all of which are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Connections that were closed at once.
    ConnectionsRefused,
    /// Connections that were closed while in use.
    ConnectionsCutOff,
    /// Refusals because something is over a limit.
    Caps,
    /// REGISTERs that were not believed.
    RegistersRefused,
    /// Requests that were turned away by their token.
    TokensRefused,
}

impl Counted {
    fn label(self) -> &'static str {
        if self == Self::Caps { "cap" } else { "reason" }
    }
}

/// Kind of a request, by its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// REGISTER.
    Register,
    /// QUERY, and questions for one file.
    Query,
    /// HEARTBEAT.
    Heartbeat,
    /// UNREGISTER.
    Unregister,
    /// SEARCH.
    Search,
    /// Anything else.
    Other,
}

/// The catalogue's own numbers. Clones are the same numbers.
#[derive(Clone, Debug)]
pub struct CatalogueMetrics {
    /// Files that it has the names of.
    pub entries: Gauge,
    /// Changes that wait to be written.
    pub queue: Gauge,
}

impl CatalogueMetrics {
    /// Files that it has the names of, and changes that wait to be written.
    pub fn set(&self, entries: usize, waiting: usize) {
        self.entries.set(to_i64(entries));
        self.queue.set(to_i64(waiting));
    }
}

/// The store is at work, as long as this lives.
#[derive(Debug)]
pub struct StoreTimer<'a> {
    metrics: &'a Metrics,
    operation: &'static str,
    start: Instant,
}

impl Drop for StoreTimer<'_> {
    fn drop(&mut self) {
        let time = self.start.elapsed().as_secs_f64();
        self.metrics.store.get_or_create(&[("operation", self.operation)]).observe(time);
    }
}

#[derive(Debug, Default)]
struct TotalGauges {
    leases: Gauge,
    swarms: Gauge,
    peers: Family<[(&'static str, &'static str); 1], Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            requests: Family::new_with_constructor(histogram),
            request_cells: Default::default(),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            refused: Counters::default(),
            cut_off: Counters::default(),
            caps: Counters::default(),
            registers_refused: Counters::default(),
            misdirected: Counter::default(),
            tokens_refused: Counters::default(),
            certificate_expiry: Family::default(),
            process: ProcessMetrics::default(),
            store: Family::new_with_constructor(histogram),
            catalogue: CatalogueMetrics { entries: Gauge::default(), queue: Gauge::default() },
            totals: TotalGauges::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    /// A request came whose answer is not written yet.
    pub fn request_began(&self) {
        self.in_flight.inc();
    }

    /// A request was answered.
    pub fn request_answered(&self, kind: MessageKind, status: u16, time: Duration) {
        let class = usize::from(status / 100).clamp(1, STATUS_CLASSES.len()) - 1;
        let labels = [("message", kind.name()), ("status", STATUS_CLASSES[class])];
        let cell = self.request_cells[kind as usize][class].get_or_init(|| self.requests.get_or_create_owned(&labels));
        cell.observe(time.as_secs_f64());
    }

    /// The answer of a request was written, or the request was given up.
    pub fn request_ended(&self) {
        self.in_flight.dec();
    }

    /// A connection was opened.
    pub fn connection_opened(&self) {
        self.connections.inc();
    }

    /// A connection has ended.
    pub fn connection_ended(&self) {
        self.connections.dec();
    }

    /// A connection was closed before anything was read from it.
    pub fn connection_refused(&self, reason: &'static str) {
        self.refused.get_or_create(&[("reason", reason)]).inc();
    }

    /// A connection was closed that its client might have gone on with.
    pub fn connection_cut_off(&self, reason: &'static str) {
        self.cut_off.get_or_create(&[("reason", reason)]).inc();
    }

    /// Something was refused because it is over this limit.
    pub fn cap_hit(&self, cap: &'static str) {
        self.caps.get_or_create(&[("cap", cap)]).inc();
    }

    /// A REGISTER was not believed, for this reason.
    pub fn register_refused(&self, reason: &'static str) {
        self.registers_refused.get_or_create(&[("reason", reason)]).inc();
    }

    /// A request came under a name that this tracker does not go by.
    pub fn request_misdirected(&self) {
        self.misdirected.inc();
    }

    /// Somebody was turned away because of a token, or for want of one.
    pub fn token_refused(&self, reason: &'static str) {
        self.tokens_refused.get_or_create(&[("reason", reason)]).inc();
    }

    /// The certificate that is served ends at this time, in seconds since 1970.
    pub fn certificate_ends(&self, unix_seconds: i64) {
        self.certificate_expiry.get_or_create(&[("kind", "server")]).set(unix_seconds);
    }

    /// Has these reasons counted from zero, so that the first of each is seen as a change.
    pub(crate) fn count_from_zero(&self, counted: Counted, reasons: &[&'static str]) {
        let counters = match counted {
            Counted::ConnectionsRefused => &self.refused,
            Counted::ConnectionsCutOff => &self.cut_off,
            Counted::Caps => &self.caps,
            Counted::RegistersRefused => &self.registers_refused,
            Counted::TokensRefused => &self.tokens_refused,
        };
        reasons.iter().for_each(|reason| {
            drop(counters.get_or_create(&[(counted.label(), reason)]));
        });
    }

    /// Takes the time that the store takes for something, until what this returns is dropped.
    pub fn time_store(&self, operation: &'static str) -> StoreTimer<'_> {
        StoreTimer { metrics: self, operation, start: Instant::now() }
    }

    /// The numbers of the catalogue.
    pub fn catalogue(&self) -> &CatalogueMetrics {
        &self.catalogue
    }

    /// All of it, as OpenMetrics text.
    pub fn encode(&self, totals: &Totals) -> String {
        self.process.read();
        self.totals.leases.set(to_i64(totals.peers));
        self.totals.swarms.set(to_i64(totals.files));
        self.totals.peers.get_or_create(&[("role", "seeder")]).set(to_i64(totals.seeders));
        self.totals.peers.get_or_create(&[("role", "leecher")]).set(to_i64(totals.leechers));
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("memory takes it");
        text
    }

    fn register(&mut self) {
        let Self {
            registry,
            requests,
            in_flight,
            connections,
            refused,
            cut_off,
            caps,
            registers_refused,
            misdirected,
            tokens_refused,
            certificate_expiry,
            process,
            store,
            catalogue,
            totals,
            ..
        } = self;
        let started: Gauge = Gauge::default();
        started.set(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64));
        registry.register_with_unit("process_start_time", "When it started, since 1970", Unit::Seconds, started);
        process.register(registry);
        let registry = registry.sub_registry_with_prefix("sprat");
        let build: Family<[(&'static str, &'static str); 1], Gauge> = Family::default();
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION"))]).set(1);
        registry.register("build_info", "What this tracker is", build);
        let help = "Time from the headers of a request to its answer";
        registry.register_with_unit("request_duration", help, Unit::Seconds, requests.clone());
        registry.register("requests_in_flight", "Requests whose answer is not written yet", in_flight.clone());
        registry.register("connections", "Open connections", connections.clone());
        registry.register("connections_refused", "Connections that were closed at once", refused.clone());
        registry.register("connections_cut_off", "Connections that were closed while in use", cut_off.clone());
        registry.register("caps_hit", "Refusals because something is over a limit", caps.clone());
        registry.register("register_refused", "REGISTERs that were not believed", registers_refused.clone());
        registry.register("requests_misdirected", "Requests under another name than its own", misdirected.clone());
        registry.register("tokens_refused", "Requests that were turned away by their token", tokens_refused.clone());
        let help = "End of the certificate that is served, since 1970";
        registry.register_with_unit("certificate_expiry", help, Unit::Seconds, certificate_expiry.clone());
        registry.register_with_unit("store", "Time that the store took", Unit::Seconds, store.clone());
        registry.register("catalogue_entries", "Files whose names are known", catalogue.entries.clone());
        registry.register("catalogue_queue", "Changes that wait to be written", catalogue.queue.clone());
        registry.register("leases", "Peers with a lease", totals.leases.clone());
        registry.register("swarms", "Files that somebody holds", totals.swarms.clone());
        registry.register("peers", "Pairs of a file and a peer that holds it", totals.peers.clone());
    }
}

impl MessageKind {
    fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Query => "query",
            Self::Heartbeat => "heartbeat",
            Self::Unregister => "unregister",
            Self::Search => "search",
            Self::Other => "other",
        }
    }
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

fn to_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Turns OpenMetrics text into the text that Prometheus read before that was a standard: counters are named as their samples
/// are, and there are neither units nor an end.
pub fn to_plain_text(open_metrics: &str) -> String {
    let is_counter = |name: &str| {
        let line = format!("# TYPE {name} counter\n");
        open_metrics.starts_with(&line) || open_metrics.contains(&format!("\n{line}"))
    };
    let mut text = String::with_capacity(open_metrics.len());
    for line in open_metrics.lines().filter(|line| *line != "# EOF" && !line.starts_with("# UNIT ")) {
        let described = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE "));
        match described.and_then(|described| described.split_once(' ')) {
            Some((name, rest)) if is_counter(name) => {
                text.push_str(&line[.."# HELP ".len()]);
                text.push_str(&format!("{name}_total {rest}"));
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Names of metrics, without what a kind of metric adds to them.
    fn names(text: &str) -> BTreeSet<String> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let ours = words.filter(|word| word.starts_with("sprat_") || word.starts_with("process_"));
        let endings = ["_bucket", "_count", "_sum", "_total", "_info"];
        ours.map(|name| endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name).to_owned())
            .collect()
    }

    /// The dashboard shows what there is: nothing else, and all of it.
    #[test]
    fn the_dashboard_shows_these_metrics() {
        let metrics = Metrics::default();
        metrics.request_answered(MessageKind::Query, 200, Duration::ZERO);
        metrics.connection_refused("full");
        metrics.register_refused("other_tracker");
        metrics.token_refused("unknown");
        metrics.certificate_ends(1);
        metrics.connection_cut_off("slow");
        metrics.cap_hit("peers");
        drop(metrics.time_store("query"));
        let text = metrics.encode(&Totals::default());
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let there: BTreeSet<String> = types.flat_map(names).collect();
        let dashboard: serde_json::Value = serde_json::from_str(include_str!("../../deploy/grafana.json")).unwrap();
        let panels = dashboard["panels"].as_array().unwrap();
        let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
        let shown: BTreeSet<String> = targets.flat_map(|target| names(target["expr"].as_str().unwrap())).collect();
        assert_eq!(shown, there);
        let alerts = names(include_str!("../../deploy/alerts.yml"));
        assert!(alerts.len() > 5 && alerts.is_subset(&there), "{:?}", alerts.difference(&there));
    }
}
