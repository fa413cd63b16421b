//! The program `sprat-gui`: reads its arguments, opens the window, and ends the engine when the window is closed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Parser as _;
use sprat_peer_gui::app::App;
use sprat_peer_gui::args::{Args, TRACKER_VARIABLE};
use sprat_peer_gui::bridge::{Backend, Waker};
use sprat_peer_gui::{platform, text};
use tracing_subscriber::EnvFilter;

/// How long peers and trackers may take to be told goodbye.
const PATIENCE: Duration = Duration::from_secs(3);

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let startup = args.startup(std::env::var(TRACKER_VARIABLE).ok().as_deref());
    let options = window_options(&startup.config.state_dir);
    let waker = Waker::default();
    let (backend, bridge) =
        Backend::start(startup, Arc::new(platform::System), waker.clone()).context("can't start threads")?;
    let app = move |creation: &eframe::CreationContext<'_>| {
        let app: Box<dyn eframe::App> = Box::new(App::new(&creation.egui_ctx, bridge, &waker));
        Ok(app)
    };
    let closed = eframe::run_native(text::APP, options, Box::new(app));
    backend.shutdown(PATIENCE);
    closed.map_err(|error| anyhow!("can't open a window: {error}"))
}

fn window_options(state_dir: &std::path::Path) -> eframe::NativeOptions {
    let viewport = egui::ViewportBuilder::default()
        .with_title(text::APP)
        .with_app_id("sprat")
        .with_inner_size([1180.0, 720.0])
        .with_min_inner_size([640.0, 420.0])
        .with_icon(egui::IconData::default());
    eframe::NativeOptions {
        viewport,
        persistence_path: Some(state_dir.join("window.ron")),
        ..eframe::NativeOptions::default()
    }
}
