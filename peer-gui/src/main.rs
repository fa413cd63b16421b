//! The program `sprat-gui`: reads its arguments, opens the window, and ends the engine when the window is closed.

use std::io::{self, Write as _};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Parser as _;
use egui::ViewportCommand;
use sprat_peer_gui::app::App;
use sprat_peer_gui::app::args::{Args, TRACKER_VARIABLE};
use sprat_peer_gui::bridge::{Backend, Startup, Waker};
use sprat_peer_gui::platform::log::LogRing;
use sprat_peer_gui::platform::single_instance::{self, HandOver, Listener, Serving};
use sprat_peer_gui::platform::{System, url_scheme};
use sprat_peer_gui::widgets::window_icon;
use sprat_peer_gui::words;
use tokio::sync::mpsc;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

/// Time that peers and trackers have to be told goodbye.
const PATIENCE: Duration = Duration::from_secs(3);
/// Side of the window's icon, in pixels.
const ICON_SIDE: u32 = 128;
/// Most messages of further windows that may wait.
const HANDED_OVER: usize = 64;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if args.register_links {
        url_scheme::register().context("can't register links")?;
        return writeln!(io::stdout(), "{}", words::LINKS_REGISTERED).context("can't say so");
    }
    let log = start_log();

    let mut startup = args.startup(std::env::var(TRACKER_VARIABLE).ok().as_deref());
    startup.log = log;
    let front = Front::default();
    let serving = match single_instance::hand_over(&startup.config.state_dir, &startup.open) {
        HandOver::Handed => return Ok(()),
        HandOver::Alone(listener) => Some(listen(listener, &mut startup, front.clone())?),
        HandOver::Unanswered(error) => {
            tracing::warn!(%error, "can't tell whether there is another window");
            None
        }
    };
    let options = window_options(&startup.config.state_dir);
    let waker = Waker::default();
    let (backend, bridge) =
        Backend::start(startup, Arc::new(System::default()), waker.clone()).context("can't start threads")?;
    let app = move |creation: &eframe::CreationContext<'_>| {
        let _ = front.set(creation.egui_ctx.clone());
        let app: Box<dyn eframe::App> = Box::new(App::new(&creation.egui_ctx, bridge, &waker));
        Ok(app)
    };
    let closed = eframe::run_native(words::APP, options, Box::new(app));
    let place = serving.map(Serving::close);
    backend.shutdown(PATIENCE);
    drop(place);
    closed.map_err(|error| anyhow!("can't open a window: {error}"))
}

/// Starts the log, which goes to standard error and is kept for the window.
fn start_log() -> LogRing {
    let log = LogRing::default();
    let named = std::env::var("RUST_LOG").ok().and_then(|named| named.parse::<Targets>().ok());
    let filter = named.unwrap_or_else(|| Targets::new().with_default(LevelFilter::WARN));
    let errors = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_filter(filter);
    tracing_subscriber::registry().with(errors).with(log.layer()).init();
    log
}

/// Handle of the window that is to be brought to the front, once it is there.
type Front = Arc<OnceLock<egui::Context>>;

/// Listens for windows that are started on the same state directory: they hand their arguments to this one.
fn listen(listener: Listener, startup: &mut Startup, front: Front) -> anyhow::Result<Serving> {
    let (sender, receiver) = mpsc::channel(HANDED_OVER);
    startup.handed_over = Some(receiver);
    let on_open = move |open| {
        // Without room nothing is answered, and the other window tries again.
        let taken = sender.try_send(open).is_ok();
        if let Some(window) = front.get() {
            window.send_viewport_cmd(ViewportCommand::Minimized(false));
            window.send_viewport_cmd(ViewportCommand::Focus);
        }
        taken
    };
    listener.serve(on_open).context("can't start a thread")
}

fn window_options(state_dir: &std::path::Path) -> eframe::NativeOptions {
    let viewport = egui::ViewportBuilder::default()
        .with_title(words::APP)
        .with_app_id("sprat")
        .with_inner_size([1180.0, 720.0])
        .with_min_inner_size([640.0, 420.0])
        .with_icon(window_icon::icon(ICON_SIDE));
    eframe::NativeOptions {
        viewport,
        persistence_path: Some(state_dir.join("window.ron")),
        ..eframe::NativeOptions::default()
    }
}
