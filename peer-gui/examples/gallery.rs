//! A gallery of the window's states, with made-up data and without an engine: for those who work on its looks.
//!
//! `cargo run -p sprat-peer-gui --example gallery -- busy --theme light --size 720x480`

#[path = "../tests/common/mod.rs"]
mod common;

use clap::{Parser, ValueEnum};
use common::{away, busy, empty, id, running, transfer};
use sprat_peer::{Snapshot, TransferState};
use sprat_peer_gui::bridge::LocalTracker;
use sprat_peer_gui::state::toasts::Mood;
use sprat_peer_gui::state::{Deleting, Phase, Preferences, Reach, RowKey, Screen, SharedCard, ThemeChoice, ViewState};
use sprat_peer_gui::{text, views, widgets};
use url::Url;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    Starting,
    Failed,
    Empty,
    Setup,
    Busy,
    Selected,
    Away,
    Delete,
    Share,
    Settings,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Theme {
    #[default]
    Dark,
    Light,
}

#[derive(Debug, Parser)]
struct Args {
    /// What to show.
    #[arg(default_value = "busy")]
    state: State,
    /// In which colours.
    #[arg(long, default_value = "dark")]
    theme: Theme,
    /// Width and height of the window, in points.
    #[arg(long, default_value = "1280x800")]
    size: String,
}

struct Gallery {
    phase: Phase,
    view: ViewState,
}

impl eframe::App for Gallery {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        // Whatever is done here changes the window only: there is no engine to tell.
        let _ = views::frame(ui, &self.phase, &mut self.view);
    }
}

fn main() -> eframe::Result {
    let args = Args::parse();
    let (width, height) = args.size.split_once('x').expect("a size such as 720x480");
    let size: [f32; 2] = [width, height].map(|side| side.parse().expect("a number of points"));
    let theme = match args.theme {
        Theme::Dark => ThemeChoice::Dark,
        Theme::Light => ThemeChoice::Light,
    };
    let gallery = state(args.state, theme);
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_inner_size(size).with_position([0.0, 0.0]),
        persist_window: false,
        ..eframe::NativeOptions::default()
    };
    let create = |creation: &eframe::CreationContext<'_>| {
        widgets::theme::install(&creation.egui_ctx);
        let app: Box<dyn eframe::App> = Box::new(gallery);
        Ok(app)
    };
    eframe::run_native("Sprat gallery", options, Box::new(create))
}

fn state(state: State, theme: ThemeChoice) -> Gallery {
    let mut view = ViewState {
        preferences: Preferences { theme, ..Preferences::default() },
        trackers: empty().trackers.into_iter().map(|tracker| tracker.url).collect(),
        dir_field: empty().download_dir.display().to_string(),
        ..ViewState::default()
    };
    let phase = match state {
        State::Starting => Phase::Starting,
        State::Failed => Phase::Failed(
            "Another Sprat is running on /home/ada/.local/share/sprat/desktop; close it, or choose another folder with --state-dir.".into(),
        ),
        State::Empty => running(empty()),
        State::Setup => {
            view.trackers.clear();
            running(Snapshot { trackers: Vec::new(), ..empty() })
        }
        State::Busy => running(busy()),
        State::Selected => {
            view.selected = Some(RowKey::Transfer(id(6)));
            view.toasts.push(text::LINK_COPIED, Mood::Good, 1e9);
            running(busy())
        }
        State::Away => {
            (view.id_field, view.id_error) = ("hello".into(), Some(text::BAD_ID));
            view.selected = Some(RowKey::Transfer(id(2)));
            running(Snapshot { trackers: vec![away()], ..busy() })
        }
        State::Delete => {
            view.selected = Some(RowKey::Transfer(id(6)));
            let name = "Big Buck Bunny (1080p).mkv".into();
            view.deleting = Some(Deleting { file_id: id(6), name, fresh: true });
            running(busy())
        }
        State::Share => {
            view.screen = Screen::Share;
            let link = transfer(3, "lecture-notes-2026.zip", 200, 100, TransferState::Sharing).link;
            view.add_card(SharedCard { name: "lecture-notes-2026.zip".into(), link });
            running(busy())
        }
        State::Settings => {
            view.screen = Screen::Settings;
            view.preferences.local_tracker = Reach::Network;
            let url = Url::parse("http://192.168.1.20:5000").expect("a URL");
            view.local_tracker = LocalTracker::Running { url: url.clone(), for_others: vec![url] };
            running(empty())
        }
    };
    Gallery { phase, view }
}
