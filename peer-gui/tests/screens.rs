//! The screens, as a person or a screen reader meets them: by role and name. No engine, no window, no waiting.

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{away, busy, empty, id, running, transfer};
use egui::accesskit::Role;
use egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use sprat_peer::{Command, Snapshot, TrackerState, TrackerView, TransferState, Trouble};
use sprat_peer_gui::bridge::{LocalTracker, Notice, Picked, Request};
use sprat_peer_gui::state::{
    Column, Effect, Fields, Phase, Preferences, Reach, RowKey, Screen, Sort, ThemeChoice, ViewState, notices,
};
use sprat_peer_gui::{text, views, widgets};
use sprat_protocol::tracker::AccessToken;
use url::Url;

const ID: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct World {
    phase: Phase,
    view: ViewState,
    effects: Vec<Effect>,
}

const SCREENS: [Screen; 5] = [Screen::Transfers, Screen::Browse, Screen::Share, Screen::Peers, Screen::Settings];

type Window = Harness<'static, World>;

fn window(phase: Phase, view: ViewState) -> Window {
    let world = World { phase, view, effects: Vec::new() };
    let draw = |ui: &mut egui::Ui, world: &mut World| {
        let effects = views::frame(ui, &world.phase, &mut world.view);
        world.effects.extend(effects);
    };
    let builder = Harness::builder().with_size([1180.0, 720.0]).with_max_steps(8);
    let mut window = builder.with_context_setup(widgets::theme::install).build_ui_state(draw, world);
    window.run();
    window
}

/// A window with one tracker set up, as most have.
fn with(snapshot: Snapshot) -> Window {
    let view = ViewState {
        trackers: snapshot.trackers.iter().map(|tracker| tracker.url.clone()).collect(),
        fields: Fields { dir: snapshot.download_dir.display().to_string(), ..Fields::default() },
        preferences: Preferences { sort: Sort { by: Column::Added, descending: false }, ..Preferences::default() },
        ..ViewState::default()
    };
    window(running(snapshot), view)
}

fn on(screen: Screen, snapshot: Snapshot) -> Window {
    let mut window = with(snapshot);
    window.state_mut().view.screen = screen;
    window.run();
    window
}

fn commands(window: &Window) -> Vec<&Command> {
    let effects = window.state().effects.iter();
    effects
        .filter_map(|effect| match effect {
            // Whatever is selected is watched.
            Effect::Engine(Command::Watch(_)) => None,
            Effect::Engine(command) => Some(command),
            _ => None,
        })
        .collect()
}

fn requests(window: &Window) -> Vec<&Request> {
    let effects = window.state().effects.iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Ask(request) => Some(request),
            _ => None,
        })
        .collect()
}

fn copied(window: &Window) -> Option<&str> {
    window.state().effects.iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.as_str()),
        _ => None,
    })
}

fn click(window: &mut Window, role: Role, name: &str) {
    window.get_by_role_and_label(role, name).click();
    window.run();
}

fn press(window: &mut Window, button: &str) {
    click(window, Role::Button, button);
}

/// What is in the menu of the selected transfers.
fn press_more(window: &mut Window, entry: &str) {
    press(window, text::MORE);
    press(window, entry);
}

fn key(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run();
}

fn type_into(window: &mut Window, field: &str, text: &str) {
    window.get_by_role_and_label(Role::TextInput, field).focus();
    window.run();
    window.get_by_role_and_label(Role::TextInput, field).type_text(text);
    window.run();
}

fn select(window: &mut Window, name: &str) {
    let row = window
        .get_all_by_role(Role::Row)
        .find(|row| row.accesskit_node().label().is_some_and(|label| label.starts_with(name)));
    row.expect("a row with this name").click();
    window.run();
}

fn has_row(window: &Window, name: &str) -> bool {
    window
        .get_all_by_role(Role::Row)
        .any(|row| row.accesskit_node().label().is_some_and(|label| label.starts_with(name)))
}

fn reads(window: &Window, text: &str) -> bool {
    window.query_all_by_label(text).count() > 0
}

#[test]
fn an_id_and_the_download_button_start_a_download() {
    let mut window = with(empty());
    type_into(&mut window, text::PASTE_ID, &format!("  sprat:{ID}?name=a.txt "));
    press(&mut window, text::DOWNLOAD);
    let [Command::Download { link, target }] = commands(&window)[..] else { panic!("one download") };
    assert_eq!((link.file_id.to_string().as_str(), link.name.as_deref()), (ID, Some("a.txt")));
    assert_eq!(*target, sprat_peer::Target::DownloadDir);
    assert_eq!(window.state().view.fields.id, "");
}

#[test]
fn enter_in_the_field_starts_it_too() {
    let mut window = with(empty());
    type_into(&mut window, text::PASTE_ID, ID);
    key(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(commands(&window).len(), 1);
}

#[test]
fn what_is_no_id_is_told_and_asks_nobody() {
    let mut window = with(empty());
    type_into(&mut window, text::PASTE_ID, "hello");
    press(&mut window, text::DOWNLOAD);
    assert!(reads(&window, text::BAD_ID));
    assert!(window.state().effects.is_empty());
    type_into(&mut window, text::PASTE_ID, "!");
    assert!(!reads(&window, text::BAD_ID), "it goes away with the next letter");
}

#[test]
fn what_enter_refused_can_be_mended_at_once() {
    let mut window = with(empty());
    type_into(&mut window, text::PASTE_ID, "hello");
    key(&mut window, Modifiers::NONE, Key::Enter);
    assert!(reads(&window, text::BAD_ID));
    window.event(Event::Text("!".to_owned()));
    window.run();
    assert_eq!(window.state().view.fields.id, "hello!");
}

#[test]
fn pasting_outside_a_field_adds_the_id() {
    let mut window = on(Screen::Share, empty());
    window.event(Event::Paste(ID.to_owned()));
    window.run();
    assert_eq!((commands(&window).len(), window.state().view.screen), (1, Screen::Transfers));
    window.event(Event::Paste("no ID".to_owned()));
    window.run();
    assert_eq!((commands(&window).len(), window.state().view.fields.id.as_str()), (1, "no ID"));
    assert!(reads(&window, text::BAD_ID));
}

#[test]
fn the_empty_list_says_what_to_do() {
    let window = with(empty());
    assert!(reads(&window, text::NO_TRANSFERS) && reads(&window, text::NO_TRANSFERS_HINT));
}

#[test]
fn space_pauses_the_selected_row_and_resumes_it() {
    let mut window = with(busy());
    select(&mut window, "debian");
    key(&mut window, Modifiers::NONE, Key::Space);
    assert!(matches!(commands(&window)[..], [Command::Pause(file)] if *file == id(1)));
    select(&mut window, "rust-book");
    key(&mut window, Modifiers::NONE, Key::Space);
    assert!(matches!(commands(&window)[..], [_, Command::Resume(file)] if *file == id(4)));
}

#[test]
fn arrows_home_and_end_move_the_selection() {
    let mut window = with(busy());
    let expect =
        |window: &Window, n| assert_eq!(window.state().view.selection.single(), Some(&RowKey::Transfer(id(n))));
    key(&mut window, Modifiers::NONE, Key::End);
    expect(&window, 8);
    key(&mut window, Modifiers::NONE, Key::ArrowUp);
    expect(&window, 7);
    key(&mut window, Modifiers::NONE, Key::Home);
    key(&mut window, Modifiers::NONE, Key::ArrowDown);
    expect(&window, 1);
    key(&mut window, Modifiers::NONE, Key::ArrowDown);
    expect(&window, 6);
    key(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.state().view.selection.is_empty());
}

#[test]
fn row_keys_are_letters_in_a_field() {
    let mut window = with(busy());
    select(&mut window, "debian");
    type_into(&mut window, text::PASTE_ID, "a b");
    key(&mut window, Modifiers::NONE, Key::Delete);
    key(&mut window, Modifiers::NONE, Key::Space);
    assert!(commands(&window).is_empty());
}

#[test]
fn removing_keeps_the_file_and_says_so() {
    let mut window = with(busy());
    select(&mut window, "debian");
    key(&mut window, Modifiers::NONE, Key::Delete);
    // It stops at once; whether it is forgotten shows when it is too late for a change of mind.
    assert!(matches!(commands(&window)[..], [Command::Pause(file)] if *file == id(1)));
    assert!(reads(&window, text::REMOVED) && !has_row(&window, "debian"));
    press(&mut window, text::UNDO);
    assert!(matches!(commands(&window)[..], [_, Command::Resume(file)] if *file == id(1)));
    assert!(!reads(&window, text::REMOVED) && has_row(&window, "debian"));

    select(&mut window, "debian");
    key(&mut window, Modifiers::NONE, Key::Delete);
    press(&mut window, text::DISMISS);
    assert!(!reads(&window, text::REMOVED));
    let forgotten = window.state_mut().view.forget_removed(f64::INFINITY);
    let [Effect::Engine(Command::Remove { file_id, delete_data: false })] = forgotten[..] else {
        panic!("one removal")
    };
    assert_eq!(file_id, id(1));
}

#[test]
fn deleting_asks_first_and_cancel_is_the_default() {
    let mut window = with(busy());
    select(&mut window, "debian");
    key(&mut window, Modifiers::SHIFT, Key::Delete);
    assert!(reads(&window, text::DELETE_TITLE));
    assert!(window.get_by_role_and_label(Role::Button, text::CANCEL).is_focused());
    key(&mut window, Modifiers::NONE, Key::Enter);
    assert!(commands(&window).is_empty() && !reads(&window, text::DELETE_TITLE));

    press_more(&mut window, text::DELETE);
    key(&mut window, Modifiers::NONE, Key::Escape);
    assert!(commands(&window).is_empty() && !reads(&window, text::DELETE_TITLE));

    press_more(&mut window, text::DELETE);
    press(&mut window, text::DELETE_CONFIRM);
    let [Command::Remove { file_id, delete_data: true }] = commands(&window)[..] else { panic!("one deletion") };
    assert_eq!(*file_id, id(1));
}

#[test]
fn what_was_only_shared_cannot_be_deleted() {
    let mut window = with(busy());
    select(&mut window, "lecture-notes");
    press(&mut window, text::MORE);
    assert!(window.get_by_role_and_label(Role::Button, text::DELETE).accesskit_node().is_disabled());
    key(&mut window, Modifiers::NONE, Key::Escape);
    key(&mut window, Modifiers::SHIFT, Key::Delete);
    assert!(!reads(&window, text::DELETE_TITLE));
}

#[test]
fn links_and_ids_are_copied() {
    let mut window = with(busy());
    select(&mut window, "debian");
    window.event(Event::Copy);
    window.run();
    assert!(copied(&window).is_some_and(|link| link.starts_with("sprat:0101") && link.contains("name=debian")));
    assert!(reads(&window, text::LINK_COPIED));
    window.state_mut().effects.clear();
    press(&mut window, text::COPY_ID);
    assert_eq!(copied(&window), Some(id(1).to_string().as_str()));
}

#[test]
fn the_pane_tells_everything_about_the_selected_transfer() {
    let mut window = with(busy());
    window.set_size([1180.0, 900.0].into());
    select(&mut window, "debian");
    assert!(reads(&window, "1408 of 2560 chunks verified"));
    assert!(reads(&window, "/home/ada/Downloads/debian-12.8.0-amd64-netinst.iso"));
    assert!(reads(&window, &id(1).to_string()));
    click(&mut window, Role::Tab, &text::tab(text::PEERS));
    assert!(reads(&window, "Peers (3 connected, 1 left)"));
    select(&mut window, "dataset");
    let full =
        "Paused: 430.0 MiB more space needed in /home/ada/Downloads. It goes on by itself as soon as there is room.";
    assert!(reads(&window, full), "trouble is told on every page");
    click(&mut window, Role::Tab, &text::tab(text::TAB_OVERVIEW));
    select(&mut window, "holiday photos");
    assert!(reads(&window, &text::state_sentence(&TransferState::Waiting)));
    select(&mut window, "dataset");
    assert!(reads(&window, full));
    press(&mut window, text::OPEN_FOLDER);
    assert_eq!(requests(&window), [&Request::Open("/home/ada/Downloads".into())]);
}

#[test]
fn trouble_comes_with_what_helps() {
    let changed = TransferState::Stopped(Trouble::SourceChanged { path: "/data/report.pdf".into() });
    let mut snapshot = busy();
    snapshot.transfers.push(Arc::new(transfer(9, "report.pdf", 2, 100, changed)));
    let mut window = with(snapshot);
    window.set_size([1180.0, 900.0].into());
    select(&mut window, "dataset");
    press(&mut window, text::MOVE);
    assert!(reads(&window, text::MOVE_TITLE));
    key(&mut window, Modifiers::NONE, Key::Escape);
    select(&mut window, "report");
    press(&mut window, text::SHARE_AS_IT_IS);
    assert!(matches!(commands(&window)[..], [Command::Share(path)] if path == Path::new("/data/report.pdf")));
}

#[test]
fn a_file_that_is_being_read_can_be_cancelled() {
    let mut window = with(busy());
    press(&mut window, &text::cancel_share("interview-raw.mov"));
    let [Command::CancelShare(path)] = commands(&window)[..] else { panic!("one cancellation") };
    assert_eq!(path, Path::new("/home/ada/Videos/interview-raw.mov"));
}

#[test]
fn a_tracker_that_is_away_can_be_asked_at_once() {
    let mut window = with(Snapshot { trackers: vec![away()], ..empty() });
    let sentence = "Can't reach the tracker at tracker.example:5000. Running transfers continue with known peers.";
    assert!(window.query_by_label_contains(sentence).is_some());
    assert!(reads(&window, text::TRACKER_AWAY));
    press(&mut window, text::RETRY_NOW);
    assert!(matches!(commands(&window)[..], [Command::RetryTrackers]));
}

#[test]
fn without_a_tracker_one_can_be_run_or_named_or_left_for_later() {
    let none = || with(Snapshot { trackers: Vec::new(), ..empty() });
    let mut window = none();
    assert!(reads(&window, text::SETUP_TITLE));
    press(&mut window, text::SETUP_RUN);
    assert!(requests(&window).contains(&&Request::LocalTracker(Reach::ThisComputer)));
    assert!(!reads(&window, text::SETUP_TITLE));

    let mut window = none();
    type_into(&mut window, text::TRACKER_FIELD, "ftp://hub");
    press(&mut window, text::SETUP_USE);
    assert!(reads(&window, text::BAD_TRACKER));
    window.state_mut().view.fields.tracker.clear();
    type_into(&mut window, text::TRACKER_FIELD, "hub:5000");
    press(&mut window, text::SETUP_USE);
    let [Command::SetTrackers(urls)] = commands(&window)[..] else { panic!("one change") };
    assert_eq!(urls, &[Url::parse("http://hub:5000").unwrap()]);

    let mut window = none();
    press(&mut window, text::SETUP_LATER);
    assert!(!reads(&window, text::SETUP_TITLE));
    assert!(matches!(requests(&window)[..], [Request::SavePreferences(kept)] if kept.setup_done));
}

#[test]
fn a_path_that_is_typed_is_shared() {
    let mut window = on(Screen::Share, empty());
    type_into(&mut window, text::SHARE_PATH, "/data/a b.txt");
    press(&mut window, text::SHARE);
    assert!(matches!(commands(&window)[..], [Command::Share(path)] if path == Path::new("/data/a b.txt")));
}

#[test]
fn dropped_files_are_shared_wherever_they_fall() {
    #[derive(Debug)]
    struct Dropped(PathBuf);
    impl egui::DroppedFile for Dropped {
        fn path(&self) -> &Path {
            &self.0
        }
        fn bytes(&self) -> Result<Vec<u8>, String> {
            Err("the window reads no file".to_owned())
        }
    }
    let mut window = on(Screen::Settings, empty());
    for path in ["/a", "/b"] {
        window.input_mut().dropped_files.push(Arc::new(Dropped(path.into())));
    }
    window.run();
    assert!(
        matches!(commands(&window)[..], [Command::Share(a), Command::Share(b)] if a.ends_with("a") && b.ends_with("b"))
    );
}

#[test]
fn a_system_without_dialogs_is_no_dead_end() {
    let mut window = with(empty());
    press(&mut window, text::SHARE_A_FILE);
    assert_eq!(requests(&window), [&Request::PickFile]);
    let world = window.state_mut();
    notices::take(&mut world.view, None, Notice::PickedFile(Picked::Unavailable), 0.0);
    window.run();
    assert!(reads(&window, text::NO_DIALOG));
    assert!(window.get_by_role_and_label(Role::TextInput, text::SHARE_PATH).is_focused());
}

#[test]
fn a_newly_shared_file_has_a_card_with_its_link() {
    let mut window = on(Screen::Share, busy());
    let link = transfer(3, "lecture-notes-2026.zip", 200, 100, TransferState::Sharing).link;
    let shared = sprat_peer::Event::Shared { path: "/x/lecture-notes-2026.zip".into(), link: link.clone() };
    notices::take(&mut window.state_mut().view, None, Notice::Event(shared), 0.0);
    window.run();
    assert!(reads(&window, text::NEWLY_SHARED) && reads(&window, &id(3).to_string()));
    press(&mut window, text::COPY_LINK);
    assert_eq!(copied(&window), Some(link.to_string().as_str()));
}

#[test]
fn settings_change_trackers_folder_and_theme() {
    let mut window = on(Screen::Settings, empty());
    window.set_size([1180.0, 1600.0].into());
    window.run();
    press(&mut window, &text::remove_tracker("http://tracker.example:5000"));
    assert!(matches!(commands(&window)[..], [Command::SetTrackers(urls)] if urls.is_empty()));
    type_into(&mut window, text::DOWNLOAD_FOLDER, "/new");
    press(&mut window, text::APPLY);
    assert!(matches!(commands(&window)[..], [_, Command::SetDownloadDir(dir)] if dir.ends_with("Downloads/new")));
    click(&mut window, Role::RadioButton, text::THEME_LIGHT);
    let Some(Request::SavePreferences(kept)) = requests(&window).pop() else { panic!("they are kept") };
    assert_eq!((kept.theme, kept.trackers.len()), (ThemeChoice::Light, 0));
}

#[test]
fn a_private_tracker_is_told_from_others_and_opened_with_a_token() {
    let token = AccessToken::new([7; 32]);
    let private =
        TrackerView { refusal: Some("it is private; it takes a token".into()), state: TrackerState::Online, ..away() };
    let mut window = on(Screen::Settings, Snapshot { trackers: vec![private], ..empty() });
    window.get_by_label(text::NOT_ALLOWED);
    window.get_by_label("it is private; it takes a token");
    let ask = text::token_of("http://tracker.example:5000");
    let type_token = |window: &mut Window, text: &str| {
        window.get_by_role_and_label(Role::PasswordInput, text::TOKEN_FIELD).focus();
        window.run();
        window.get_by_role_and_label(Role::PasswordInput, text::TOKEN_FIELD).type_text(text);
        window.run();
    };
    press(&mut window, &ask);
    type_token(&mut window, "not a token");
    press(&mut window, text::USE_TOKEN);
    window.get_by_label(text::BAD_TOKEN);
    assert!(commands(&window).is_empty());
    press(&mut window, text::CANCEL);
    assert!(window.query_by_label(text::BAD_TOKEN).is_none());

    press(&mut window, &ask);
    type_token(&mut window, &token.reveal());
    press(&mut window, text::USE_TOKEN);
    let url: Url = "http://tracker.example:5000".parse().unwrap();
    let is_sent = |command: &Command| matches!(command, Command::SetToken { tracker, token: Some(sent) } if *tracker == url && *sent == token);
    assert!(matches!(commands(&window)[..], [command] if is_sent(command)));
    assert_eq!(requests(&window), [&Request::SaveToken { tracker: url.clone(), token: Some(token.clone()) }]);
    assert!(window.state().view.fields.token.is_empty(), "it does not stay around");

    press(&mut window, &ask);
    press(&mut window, text::FORGET_TOKEN);
    assert!(matches!(commands(&window)[..], [_, Command::SetToken { token: None, .. }]));
}

#[test]
fn a_tracker_of_ones_own_is_run_opened_and_told() {
    let mut window = on(Screen::Settings, empty());
    click(&mut window, Role::CheckBox, text::RUN_TRACKER);
    click(&mut window, Role::CheckBox, text::SERVE_LAN);
    let asked = |reach| requests(&window).contains(&&Request::LocalTracker(reach));
    assert!(asked(Reach::ThisComputer) && asked(Reach::Network));
    let url = Url::parse("http://192.168.1.20:5000").unwrap();
    let state = LocalTracker::Running { url: url.clone(), for_others: vec![url.clone()] };
    let world = window.state_mut();
    let effects = notices::take(&mut world.view, None, Notice::LocalTracker(state), 0.0);
    assert!(matches!(&effects[..], [Effect::Engine(Command::SetTrackers(urls))] if urls.contains(&url)));
    window.run();
    assert!(reads(&window, "http://192.168.1.20:5000"));
    press(&mut window, text::COPY_ADDRESS);
    assert_eq!(copied(&window), Some("http://192.168.1.20:5000"));
}

#[test]
fn screens_are_reached_by_key_and_by_name() {
    let mut window = with(empty());
    for (number, screen) in [
        (Key::Num2, Screen::Browse),
        (Key::Num3, Screen::Share),
        (Key::Num4, Screen::Peers),
        (Key::Num5, Screen::Settings),
        (Key::Num1, Screen::Transfers),
    ] {
        key(&mut window, Modifiers::COMMAND, number);
        assert_eq!(window.state().view.screen, screen);
    }
    click(&mut window, Role::Tab, text::SETTINGS);
    assert_eq!(window.state().view.screen, Screen::Settings);
    key(&mut window, Modifiers::COMMAND, Key::O);
    assert_eq!(requests(&window), [&Request::PickFile]);
}

#[test]
fn an_engine_that_cannot_start_says_why() {
    let mut window = window(Phase::Failed("Another Sprat is running.".into()), ViewState::default());
    assert!(reads(&window, text::START_FAILED) && reads(&window, "Another Sprat is running."));
    press(&mut window, text::QUIT);
    assert!(matches!(window.state().effects[..], [Effect::Quit]));
}

/// Where the Tab key leads, round once.
fn tab_stops(window: &mut Window) -> Vec<String> {
    let mut stops = Vec::new();
    for _ in 0..60 {
        window.key_press(Key::Tab);
        window.run();
        let focused = window.root().children_recursive().find(egui_kittest::Node::is_focused);
        let named = focused.and_then(|node| {
            let node = node.accesskit_node();
            node.label().or_else(|| node.data().placeholder().map(str::to_owned))
        });
        let stop = named.unwrap_or_else(|| panic!("a stop of the Tab key without a name, after {stops:?}"));
        assert!(!stop.trim().is_empty());
        if stops.first() == Some(&stop) {
            break;
        }
        stops.push(stop);
    }
    stops
}

#[test]
fn every_stop_of_the_tab_key_is_named() {
    for screen in SCREENS {
        let mut window = on(screen, busy());
        let stops = tab_stops(&mut window);
        assert!(stops.contains(&text::SETTINGS.to_owned()), "{stops:?}");
    }
    let mut window = with(busy());
    select(&mut window, "debian");
    let stops = tab_stops(&mut window);
    assert!(stops.contains(&text::PAUSE.to_owned()), "{stops:?}");
    let rows = stops.iter().filter(|stop| stop.starts_with("debian")).count();
    assert!(rows <= 1 && !stops.iter().any(|stop| stop.starts_with("rust-book")), "{stops:?}");
}

#[test]
fn nothing_is_drawn_while_nothing_happens() {
    for screen in SCREENS {
        let mut window = on(screen, busy());
        select_if_any(&mut window, screen);
        let delay = window.output().viewport_output.values().map(|viewport| viewport.repaint_delay).min();
        assert_eq!(delay, Some(std::time::Duration::MAX), "{screen:?}");
    }
}

fn select_if_any(window: &mut Window, screen: Screen) {
    if screen == Screen::Transfers {
        select(window, "debian");
        window.run();
    }
}

#[test]
fn small_windows_hold_every_screen() {
    for screen in SCREENS {
        let mut window = on(screen, busy());
        window.set_size([640.0, 420.0].into());
        window.run();
        assert!(window.query_by_role_and_label(Role::Tab, text::SETTINGS).is_some());
    }
}

#[test]
fn preferences_decide_the_theme() {
    let view = ViewState {
        preferences: Preferences { theme: ThemeChoice::Light, ..Preferences::default() },
        ..ViewState::default()
    };
    let window = window(running(empty()), view);
    assert_eq!(window.ctx.theme(), egui::Theme::Light);
}
