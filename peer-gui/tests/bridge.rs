//! The bridge between the window and the engine, with a real engine behind it and a made-up desktop.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use sprat_peer::{EngineConfig, TokenFile};
use sprat_peer_gui::bridge::{Backend, Bridge, Startup, Waker, files};
use sprat_peer_gui::model::engine::{Command, Event, Snapshot, TrackerState, TransferState};
use sprat_peer_gui::model::messages::{LocalTracker, Notice, Picked, Request};
use sprat_peer_gui::model::preferences::{Preferences, Reach, ThemeChoice};
use sprat_peer_gui::platform::log::LogRing;
use sprat_peer_gui::platform::{Desktop, Pending};
use sprat_peer_gui::words;
use sprat_protocol::tracker::AccessToken;
use sprat_tracker::access::tokens::Tokens;
use sprat_tracker::access::{AccessConfig, Public, Role};
use sprat_tracker::{Config, Now};
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Time longer than anything here takes; only a failing test waits for so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Desktop on which every dialog has the same answer, and no file manager.
struct Fake(PathBuf);

impl Desktop for Fake {
    fn pick_file(&self) -> Pending<Picked> {
        let picked = Picked::Path(self.0.clone());
        Box::pin(async { picked })
    }

    fn pick_folder(&self) -> Pending<Picked> {
        Box::pin(async { Picked::Unavailable })
    }

    fn save_file(&self, suggested: &str) -> Pending<Picked> {
        let picked = Picked::Path(self.0.with_file_name(suggested));
        Box::pin(async { picked })
    }

    fn open(&self, _: PathBuf) -> Pending<io::Result<()>> {
        Box::pin(async { Err(io::Error::other("no file manager")) })
    }

    fn reveal(&self, _: PathBuf) -> Pending<io::Result<()>> {
        Box::pin(async { Err(io::Error::other("no file manager")) })
    }

    fn notify(&self, _: &str, _: &str) -> Pending<io::Result<()>> {
        Box::pin(async { Err(io::Error::other("no notifications")) })
    }
}

/// Window's end of the bridge, and the signal that wakes it.
struct Window {
    backend: Backend,
    bridge: Bridge,
    woken: Receiver<()>,
}

impl Window {
    fn open(dir: &Path, open: &[&Path]) -> Self {
        let mut config = EngineConfig::new(dir.join("state"), dir.join("downloads"));
        config.listen = ([127, 0, 0, 1], 0).into();
        let open = open.iter().map(|path| path.display().to_string()).collect();
        config.token_file = Some(TokenFile::at(dir.join("tokens.toml")));
        let startup = Startup {
            config,
            download_dir_given: true,
            fallback_trackers: Vec::new(),
            open,
            listen_given: true,
            handed_over: None,
            log: LogRing::default(),
        };
        let (wake, woken) = sync_channel(1);
        let waker = Waker::default();
        waker.set(move || {
            let _ = wake.try_send(());
        });
        let desktop = Arc::new(Fake(dir.join("picked.txt")));
        let (backend, bridge) = Backend::start(startup, desktop, waker).unwrap();
        Self { backend, bridge, woken }
    }

    /// Waits for the first notice of which `wanted` makes something.
    fn wait_for<T>(&mut self, mut wanted: impl FnMut(Notice) -> Option<T>) -> T {
        loop {
            while let Some(notice) = self.bridge.next_notice() {
                if let Some(found) = wanted(notice) {
                    return found;
                }
            }
            self.woken.recv_timeout(PATIENCE).expect("the window is woken by every notice");
        }
    }

    fn close(mut self) {
        self.bridge.let_go();
        self.backend.shutdown(PATIENCE);
    }
}

#[test]
fn a_file_of_the_command_line_is_shared_and_seen() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.txt");
    std::fs::write(&file, "hello").unwrap();
    let mut window = Window::open(dir.path(), &[&file, Path::new("/no/such/file")]);
    let mut told = false;
    let link = window.wait_for(|notice| match notice {
        Notice::Event(Event::Shared { link, .. }) => Some(link),
        Notice::Trouble(said) => {
            told |= said.contains("/no/such/file");
            None
        }
        _ => None,
    });
    if !told {
        window
            .wait_for(|notice| matches!(notice, Notice::Trouble(said) if said.contains("/no/such/file")).then_some(()));
    }
    let shared = loop {
        let seen = window.bridge.new_snapshot().filter(|snapshot| !snapshot.transfers.is_empty());
        if let Some(snapshot) = seen {
            break snapshot.transfers[0].clone();
        }
        window.woken.recv_timeout(PATIENCE).unwrap();
    };
    assert_eq!((shared.file_id, &shared.state), (link.file_id, &TransferState::Sharing));
    window.bridge.send(Command::Pause(shared.file_id));
    window.close();
}

#[test]
fn what_happens_while_the_command_line_is_still_opened_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.txt");
    std::fs::write(&file, "hello").unwrap();
    // More troubles than notices may wait: while the window takes none, what is to be opened is never done with.
    let mut open = vec![Path::new("/no/such/file"); 600];
    open[0] = &file;
    let mut window = Window::open(dir.path(), &open);
    let engine = window.wait_for(|notice| match notice {
        Notice::Started(engine) => Some(engine),
        _ => None,
    });
    let shared = |snapshot: &Arc<Snapshot>| snapshot.transfers.iter().any(|it| it.state == TransferState::Sharing);
    Runtime::new().unwrap().block_on(async { engine.watch().wait_for(shared).await.map(drop) }).unwrap();
    window.wait_for(|notice| matches!(notice, Notice::Event(Event::Shared { .. })).then_some(()));
    drop(engine);
    window.close();
}

#[test]
fn thousands_of_commands_at_once_all_reach_the_engine() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::open(dir.path(), &[]);
    window.wait_for(|notice| matches!(notice, Notice::Started(_)).then_some(()));
    for n in 1..=5000 {
        window.bridge.send(Command::SetActiveDownloads(n));
    }
    while window.bridge.flush() {
        std::thread::yield_now();
    }
    let snapshot = loop {
        match window.bridge.new_snapshot() {
            Some(snapshot) if snapshot.active_downloads == 5000 => break snapshot,
            _ => window.woken.recv_timeout(PATIENCE).unwrap(),
        }
    };
    assert!(snapshot.transfers.is_empty());
    window.close();
}

#[test]
fn the_desktop_is_asked_and_its_answers_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::open(dir.path(), &[]);
    for request in [Request::PickFile, Request::PickDownloadDir, Request::Open("/some/dir".into())] {
        assert!(window.bridge.ask(request));
    }
    let mut answers = 0;
    window.wait_for(|notice| {
        match notice {
            Notice::PickedFile(picked) => assert_eq!(picked, Picked::Path(dir.path().join("picked.txt"))),
            Notice::PickedDownloadDir(picked) => assert_eq!(picked, Picked::Unavailable),
            Notice::Trouble(said) => assert!(said.contains("/some/dir") && said.contains("no file manager")),
            _ => return None,
        }
        answers += 1;
        (answers == 3).then_some(())
    });
    window.close();
}

#[test]
fn preferences_and_the_tracker_come_back_with_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let kept = Preferences { theme: ThemeChoice::Dark, local_tracker: Reach::ThisComputer, ..Preferences::default() };
    let mut window = Window::open(dir.path(), &[]);
    assert!(window.bridge.ask(Request::SavePreferences(kept.clone())));
    assert!(window.bridge.ask(Request::LocalTracker(Reach::ThisComputer)));
    let running = |notice| matches!(notice, Notice::LocalTracker(LocalTracker::Running { .. })).then_some(());
    window.wait_for(running);
    window.close();
    assert_eq!(files::load(&dir.path().join("state")), (kept.clone(), None));

    let mut window = Window::open(dir.path(), &[]);
    let loaded = window.wait_for(|notice| match notice {
        Notice::Loaded { preferences, .. } => Some(*preferences),
        _ => None,
    });
    assert_eq!(loaded, kept);
    window.wait_for(running);
    let engine = window.wait_for(|notice| match notice {
        Notice::Started(engine) => Some(engine),
        _ => None,
    });
    assert_eq!(engine.snapshot().trackers.len(), 1, "the engine uses it");
    drop(engine);
    window.close();
}

/// Starts a private tracker, and makes a token for it.
fn private_tracker(dir: &Path) -> (Runtime, Url, AccessToken) {
    let runtime = Runtime::new().unwrap();
    std::fs::create_dir(dir).unwrap();
    let token = Tokens::open(Some(dir)).unwrap().create("window", Role::Share, None, Now::read()).unwrap();
    let access = AccessConfig { public: Public::None, ..AccessConfig::default() };
    let config = Config { access, data_dir: Some(dir.to_owned()), ..Config::default() };
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    runtime.spawn(sprat_tracker::serve(listener, config, CancellationToken::new()));
    (runtime, url, token)
}

#[test]
fn a_token_opens_a_private_tracker_at_once_and_with_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let (_running, tracker, token) = private_tracker(&dir.path().join("tracker"));
    let until = |window: &mut Window, is_refused: bool| loop {
        if let Some(snapshot) = window.bridge.new_snapshot()
            && let [view] = &snapshot.trackers[..]
            && view.state == TrackerState::Online
            && view.refusal.is_some() == is_refused
        {
            break;
        }
        while window.bridge.next_notice().is_some() {}
        window.woken.recv_timeout(PATIENCE).expect("the tracker's state changes");
    };
    let started = |notice| matches!(notice, Notice::Started(_)).then_some(());
    let kept = Preferences { trackers: vec![tracker.clone()], ..Preferences::default() };
    files::save(&dir.path().join("state"), &kept).unwrap();
    let file = dir.path().join("a.txt");
    std::fs::write(&file, "hello").unwrap();
    let mut window = Window::open(dir.path(), &[&file]);
    window.wait_for(started);
    until(&mut window, true);
    assert!(window.bridge.ask(Request::SaveToken { tracker, token: Some(token) }));
    until(&mut window, false);
    window.close();

    let mut window = Window::open(dir.path(), &[&file]);
    window.wait_for(started);
    until(&mut window, false);
    window.close();
}

#[test]
fn the_engine_searches_and_tests_trackers_for_the_window() {
    let dir = tempfile::tempdir().unwrap();
    let (_running, tracker, token) = private_tracker(&dir.path().join("tracker"));
    let mut window = Window::open(dir.path(), &[]);
    window.wait_for(|notice| matches!(notice, Notice::Started(_)).then_some(()));
    let search = |window: &mut Window, trackers: Vec<Url>| {
        assert!(window.bridge.ask(Request::Search { trackers, words: "a".to_owned(), page: 0 }));
        window.wait_for(|notice| match notice {
            Notice::SearchAnswered { words, page: 0, answer } if words == "a" => Some(answer.troubles),
            Notice::Trouble(said) => panic!("{said}"),
            _ => None,
        })
    };
    let test = |window: &mut Window, asked: &Url| {
        assert!(window.bridge.ask(Request::TestTracker(asked.clone())));
        window.wait_for(|notice| match notice {
            Notice::TrackerTested { tracker, silent } if tracker == *asked => Some(silent),
            _ => None,
        })
    };
    let save = |window: &Window, token| {
        assert!(window.bridge.ask(Request::SaveToken { tracker: tracker.clone(), token }));
    };
    assert_eq!(search(&mut window, Vec::new()), [words::SEARCH_NEEDS_TRACKER]);
    let refused = search(&mut window, vec![tracker.clone()]);
    assert!(matches!(&refused[..], [said] if said.starts_with("The tracker at")), "{refused:?}");
    save(&window, Some(token));
    assert!(search(&mut window, vec![tracker.clone()]).is_empty(), "the token is used at once");
    assert_eq!(test(&mut window, &tracker), None);
    // A port that nobody listens on, and nobody else gets.
    let held = TcpSocket::new_v4().unwrap();
    held.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let nobody: Url = format!("http://{}", held.local_addr().unwrap()).parse().unwrap();
    let silent = test(&mut window, &nobody).unwrap();
    assert!(silent.starts_with("Can't reach the tracker at"), "{silent}");
    // To forget what is not there is no trouble, which the next search would hear of.
    save(&window, None);
    save(&window, None);
    assert_eq!(search(&mut window, vec![tracker.clone()]).len(), 1);
    window.close();
}

#[test]
fn a_state_folder_in_use_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = Window::open(dir.path(), &[]);
    first.wait_for(|notice| matches!(notice, Notice::Started(_)).then_some(()));
    let mut second = Window::open(dir.path(), &[]);
    let reason = second.wait_for(|notice| match notice {
        Notice::Failed(reason) => Some(reason),
        _ => None,
    });
    assert!(reason.starts_with("Another Sprat is running"), "{reason}");
    second.close();
    first.close();
}
