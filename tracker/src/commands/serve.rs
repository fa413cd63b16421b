//! Run of the tracker: from its configuration to its end.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;

use anyhow::Context;
use sprat_tracker::Server;
use sprat_tracker::config::{Config, ConfigError, Effective, Key, Sources};
use sprat_tracker::operation::descriptors;
use sprat_tracker::operation::listeners::{self, ListenError, Listeners};
use sprat_tracker::operation::logs::Logs;
use sprat_tracker::operation::notify;
use tokio_util::sync::CancellationToken;

use super::data_folder::create;
use super::signals::{Signal, Signals};

/// Exit code of a tracker whose configuration makes no sense.
const USAGE: u8 = 2;
/// Exit code of a tracker that cannot start and will not be able to unless somebody mends it.
const CANNOT_START: u8 = 3;
/// Exit code of a tracker that was told to end twice, as shells write that of a program that SIGTERM ended.
const ENDED_AT_ONCE: u8 = 143;

/// The tracker was told to end a second time, and did not wait for requests to end.
#[derive(Debug, thiserror::Error)]
#[error("ended at once; requests that were open were cut off")]
struct EndedAtOnce;

/// Tells a supervisor by an exit code what became of the tracker. With 1 it may try again: a disk may have room later, and a
/// network may get its addresses.
pub(super) fn exit_code(error: &anyhow::Error) -> u8 {
    use io::ErrorKind::{AddrNotAvailable, Interrupted, OutOfMemory, QuotaExceeded, ResourceBusy, StorageFull};
    const PASSING: [io::ErrorKind; 6] =
        [AddrNotAvailable, Interrupted, OutOfMemory, QuotaExceeded, ResourceBusy, StorageFull];
    if error.is::<ConfigError>() {
        return USAGE;
    }
    if error.is::<EndedAtOnce>() {
        return ENDED_AT_ONCE;
    }
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    if causes.any(|cause| PASSING.contains(&cause.kind())) { 1 } else { CANNOT_START }
}

/// Runs until the system says that it is enough.
pub(super) fn serve(sources: &Sources) -> anyhow::Result<()> {
    let effective = sources.read()?;
    let logs = Logs::start(&effective.config.log);
    warn(&effective);
    if let Some(folder) = &effective.config.data_dir {
        create(folder)?;
    }
    // Before there are other threads.
    let inherited = listeners::inherited().context("cannot use the sockets that this was started with")?;
    tokio::runtime::Runtime::new()?.block_on(run(sources, &effective, &logs, inherited))
}

async fn run(sources: &Sources, running: &Effective, logs: &Logs, inherited: Vec<TcpListener>) -> anyhow::Result<()> {
    let config = &within_descriptors(&running.config);
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let (server, background) = Server::open(config)?;
    let listeners = match inherited.is_empty() {
        true => Listeners::bind(&config.listen).map_err(|error| advise(error, "--listen"))?,
        false => Listeners::adopt(inherited)?,
    };
    let listeners = match config.server.metrics_listen {
        Some(address) => listeners.with_metrics(address).map_err(|error| advise(error, "--server-metrics-listen"))?,
        None => listeners,
    };
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    announce(scheme, &listeners.addresses());
    let shutdown = CancellationToken::new();
    let mut serving = pin!(server.run(background, listeners, &shutdown));
    let until_told = async {
        while signals.next().await == Signal::Reload {
            reload(sources, running, logs, &server).await;
        }
    };
    tokio::select! {
        () = &mut serving => return Ok(()),
        () = notify::alive() => {}
        () = until_told => {}
    }
    notify::stopping();
    tracing::info!("ending; a second signal ends the tracker at once");
    shutdown.cancel();
    let told_again = async { while signals.next().await == Signal::Reload {} };
    tokio::select! {
        () = &mut serving => Ok(()),
        () = told_again => Err(EndedAtOnce.into()),
    }
}

/// The configuration with no more connections than there are file descriptors for.
fn within_descriptors(config: &Config) -> Config {
    let mut config = config.clone();
    if let Some(limit) = descriptors::raise_limit() {
        let most = descriptors::connections(limit);
        if most < config.server.connections {
            tracing::warn!(
                limit,
                connections = most,
                wanted = config.server.connections,
                "fewer connections than configured: the system allows this program too few open files (ulimit -n, or \
                 LimitNOFILE in the unit)"
            );
            config.server.connections = most;
        }
    }
    config
}

/// Keys that take effect while the tracker runs; all others are said to need a restart.
const RELOADED: [&str; 2] = ["access.", "log.level"];

/// Reads all files again. What is wrong with one is told, and what depends on it stays as it was.
async fn reload(sources: &Sources, running: &Effective, logs: &Logs, server: &Server) {
    let effective = match sources.read() {
        Ok(effective) => effective,
        Err(error) => return tracing::error!("the configuration stays as it was: {error}"),
    };
    warn(&effective);
    logs.set_level(&effective.config.log);
    server.reload(&effective.config).await;
    for key in running.changed(&effective).iter().map(Key::path) {
        if !RELOADED.iter().any(|reloaded| key.starts_with(reloaded)) {
            tracing::warn!(key, "this takes effect when the tracker is started anew");
        }
    }
    tracing::info!(level = effective.config.log.level, "configuration read again");
}

fn warn(effective: &Effective) {
    effective.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
}

/// Adds what to do about it.
fn advise(error: ListenError, flag: &str) -> anyhow::Error {
    let other = SocketAddr::new(error.address.ip(), 0);
    let advice = format!(
        "cannot listen on {}; if another program uses that port, stop it or choose another one, such as {flag} {other}",
        error.address
    );
    anyhow::Error::new(error.reason).context(advice)
}

/// Tells whoever started this where it listens, and systemd that it does. The former may have stopped listening itself,
/// which is no reason to end.
fn announce(scheme: &str, addresses: &[SocketAddr]) {
    let mut out = io::stdout().lock();
    for address in addresses {
        let _ = writeln!(out, "sprat-tracker listening on {scheme}://{address}");
    }
    let _ = out.flush();
    notify::ready();
}
