//! The binary `sprat-tracker`: options, signals, and one line that says where it listens. The rest is the library's.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use sprat_tracker::listeners::{self, ListenError, Listeners};
use sprat_tracker::{Config, Server, notify};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// The tracker of Sprat: it knows who holds which file.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Address and port to listen on; port 0 takes any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5000")]
    listen: SocketAddr,
    /// How long a peer is believed without another word from it
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    lease_seconds: u32,
    /// Folder for what outlives a restart, created if missing; this version keeps nothing there yet
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// What to log on standard error: error, warn, info, debug, trace, or a filter such as `info,sprat_tracker=debug`
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = log_filter)]
    log: String,
}

fn main() -> ExitCode {
    let options = Options::parse();
    // Before there are other threads.
    let inherited = listeners::inherited().context("cannot use the sockets that this was started with");
    match inherited.and_then(|inherited| run(options, inherited)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do where this cannot be written either.
            let _ = writeln!(io::stderr(), "sprat-tracker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(options: Options, inherited: Vec<TcpListener>) -> anyhow::Result<()> {
    let Options { listen, lease_seconds, data_dir, log } = options;
    tracing_subscriber::fmt().with_env_filter(EnvFilter::try_new(log)?).with_writer(io::stderr).init();
    if let Some(folder) = data_dir {
        std::fs::create_dir_all(&folder).with_context(|| {
            format!("cannot create the folder {}; choose another one with --data-dir", folder.display())
        })?;
    }
    let shutdown = CancellationToken::new();
    let signals = signals().context("cannot listen for signals")?;
    let config = Config { lease: Duration::from_secs(lease_seconds.into()), ..Config::default() };
    let (server, background) = Server::open(&config)?;
    let listeners = match inherited.is_empty() {
        true => Listeners::bind(&[listen], config.server.metrics_listen).map_err(advise)?,
        false => Listeners::adopt(inherited)?,
    };
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    announce(scheme, &listeners.addresses());
    let mut serving = pin!(server.run(background, listeners, &shutdown));
    tokio::select! {
        () = &mut serving => return Ok(()),
        () = notify::alive() => {}
        () = signals => {}
    }
    notify::stopping();
    shutdown.cancel();
    serving.await;
    Ok(())
}

/// Refuses a filter while options are read, and not only once it is used.
fn log_filter(text: &str) -> Result<String, ParseError> {
    EnvFilter::try_new(text).map(|_| text.to_owned())
}

/// Adds what to do about it.
fn advise(error: ListenError) -> anyhow::Error {
    let other = SocketAddr::new(error.address.ip(), 0);
    let advice = format!(
        "cannot listen on {}; if another program uses that port, stop it or choose another one, such as --listen {other}",
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

/// Ends when the process is asked to end. From this call on, not only from the first poll, signals no longer kill it.
#[cfg(unix)]
fn signals() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends when the process is asked to end.
#[cfg(windows)]
fn signals() -> io::Result<impl Future<Output = ()>> {
    let mut ctrl_c = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        ctrl_c.recv().await;
    })
}
