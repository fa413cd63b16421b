//! To be the tracker: from its configuration to its end.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;

use anyhow::Context;
use sprat_tracker::config::{Effective, Sources};
use sprat_tracker::logs::Logs;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::signals::{Signal, Signals};

/// Runs until the system says that it is enough.
pub(super) fn serve(sources: &Sources) -> anyhow::Result<()> {
    let effective = sources.read()?;
    let logs = Logs::start(&effective.config.log);
    warn(&effective);
    if let Some(folder) = &effective.config.data_dir {
        create(folder)?;
    }
    tokio::runtime::Runtime::new()?.block_on(run(sources, effective, &logs))
}

async fn run(sources: &Sources, effective: Effective, logs: &Logs) -> anyhow::Result<()> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let address = effective.config.listen[0];
    let listener = TcpListener::bind(address).await.with_context(|| advice(address))?;
    announce(listener.local_addr()?);
    let shutdown = CancellationToken::new();
    let mut serving = pin!(sprat_tracker::serve(listener, effective.config.clone(), shutdown.clone()));
    let served = loop {
        tokio::select! {
            served = &mut serving => break served,
            signal = signals.next() => match signal {
                Signal::End => shutdown.cancel(),
                Signal::Reload => reload(sources, &effective, logs),
            },
        }
    };
    Ok(served?)
}

/// Reads the configuration again. What is wrong with it is told, and nothing changes.
fn reload(sources: &Sources, running: &Effective, logs: &Logs) {
    let effective = match sources.read() {
        Ok(effective) => effective,
        Err(error) => return tracing::error!("the configuration stays as it was: {error}"),
    };
    warn(&effective);
    logs.set_level(&effective.config.log);
    for key in running.changed(&effective).into_iter().filter(|key| key.path() != "log.level") {
        tracing::warn!(key = %key.path(), "a new value takes effect when the tracker is started anew");
    }
}

fn warn(effective: &Effective) {
    effective.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
}

fn create(folder: &Path) -> anyhow::Result<()> {
    let what_to_do = || format!("cannot create the folder {}; choose another one with --data-dir", folder.display());
    std::fs::create_dir_all(folder).with_context(what_to_do)
}

/// What to do where this address cannot be listened on.
fn advice(address: SocketAddr) -> String {
    format!(
        "cannot listen on {address}; if another program uses that port, stop it or choose another one, such as \
         --listen {}",
        SocketAddr::new(address.ip(), 0)
    )
}

/// Tells whoever started this where it listens. It may have stopped listening itself, which is no reason to end.
fn announce(address: SocketAddr) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "sprat-tracker listening on http://{address}").and_then(|()| out.flush());
}
