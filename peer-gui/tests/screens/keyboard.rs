//! Everything that can be done can be done without a mouse.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use sprat_peer_gui::actions::{Action, BINDINGS};
use sprat_peer_gui::model::columns::Column;
use sprat_peer_gui::model::engine::{Command, Event, Priority, Snapshot, TransferState};
use sprat_peer_gui::model::filter::Filter;
use sprat_peer_gui::model::messages::{Notice, Request};
use sprat_peer_gui::model::screen::{DetailTab, Screen};
use sprat_peer_gui::state::toasts::Mood;
use sprat_peer_gui::words;

use crate::accessibility::{found, tab_stops, unfolded_settings, with_selected};
use crate::common::{busy, empty, folder, id, transfer};
use crate::window::*;

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
    click(&mut window, Role::Tab, words::SETTINGS);
    assert_eq!(window.state().view.screen, Screen::Settings);
    key(&mut window, Modifiers::COMMAND, Key::O);
    assert_eq!(requests(&window), [&Request::PickFile]);
}

/// How something is done without a mouse.
enum By {
    /// A key of the table.
    Key,
    /// Its name, in the palette.
    Palette,
    /// A stop of the Tab key in this window.
    Stop(fn() -> Window, String),
    /// Something that does the same, which has an entry of its own.
    Same(&'static str),
}

/// How each action is done without a mouse. Without a wildcard: whoever adds an action has to say.
macro_rules! without_mouse {
    ($($action:pat => $by:expr,)*) => {
        /// Tells actions from each other, without what they are about.
        fn kind(action: &Action) -> &'static str {
            match action {
                $($action => stringify!($action),)*
            }
        }

        fn all() -> Vec<(&'static str, By)> {
            vec![$((stringify!($action), $by),)*]
        }
    };
}

fn stop(window: fn() -> Window, name: impl Into<String>) -> By {
    By::Stop(window, name.into())
}

const TRACKER: &str = "http://tracker.example:5000";

without_mouse! {
    Action::Show(_) => By::Key,
    Action::SubmitId => stop(list, words::DOWNLOAD),
    Action::PasteId(_) => By::Same("Action::SubmitId"),
    Action::AcceptOffer => stop(offered, words::DOWNLOAD_IT),
    Action::DeclineOffer => stop(offered, words::DISMISS),
    Action::Get(_) => stop(found, words::get("lecture-01-introduction.mp4")),
    Action::PickShareFile => By::Key,
    Action::PickShareFolder => By::Key,
    Action::Share(_) => By::Same("Action::ShareTyped"),
    Action::ShareTyped => stop(share, words::SHARE_PATH),
    Action::CancelShare(_) => stop(share, words::cancel_share("interview-raw.mov")),
    Action::Select(..) => By::Same("Action::Move(..)"),
    Action::Move(..) => By::Key,
    Action::SelectAll => By::Key,
    Action::Escape => By::Key,
    Action::SetFilter(_) => stop(list, words::filter(Filter::Problems, 1)),
    Action::SortBy(_) => stop(list, words::sort_by(Column::Size)),
    Action::ToggleColumn(_) => stop(columns, words::SIZE),
    Action::SetWidth { .. } => stop(columns, words::wider(Column::Size)),
    Action::ShowTab(_) => stop(selected, words::tab(words::PEERS)),
    Action::TogglePause => By::Key,
    Action::PauseAll => By::Palette,
    Action::ResumeAll => By::Palette,
    Action::Remove => By::Key,
    Action::UndoRemove => By::Palette,
    Action::AskDelete => By::Key,
    Action::ConfirmDelete => stop(|| open(|window| key(window, Modifiers::SHIFT, Key::Delete)), words::DELETE_CONFIRM),
    Action::CopyLink => By::Palette,
    Action::CopyId => By::Palette,
    Action::Copy(..) => stop(share, words::copy_link_of("lecture-notes-2026.zip")),
    Action::ShowQr => By::Palette,
    Action::ShowQrOf(..) => stop(just_shared, words::SHOW_QR),
    Action::OpenFolder => By::Key,
    Action::OpenFile => By::Key,
    Action::Check => By::Palette,
    Action::CancelWork => By::Palette,
    Action::ToggleSequential => By::Palette,
    Action::AskMove => By::Palette,
    Action::PickMoveDir => stop(|| open(|window| press_more(window, words::MOVE)), words::CHOOSE_FOLDER),
    Action::ConfirmMove => stop(|| open(|window| press_more(window, words::MOVE)), words::MOVE_CONFIRM),
    Action::AskLimits => By::Palette,
    Action::ConfirmLimits => stop(|| open(|window| press_more(window, words::LIMITS)), words::USE_LIMITS),
    Action::AskPeer => By::Palette,
    Action::ConfirmPeer => stop(|| open(|window| press_more(window, words::ADD_PEER)), words::ADD),
    Action::SetPriority(..) => stop(files, words::priority_of("notes.txt", Priority::Normal)),
    Action::Search => stop(found, words::SEARCH),
    Action::SearchMore => stop(found, words::SHOW_MORE),
    Action::FocusSearch => By::Key,
    Action::RetryTrackers => By::Palette,
    Action::SetTheme(_) => By::Palette,
    Action::Zoom(_) => By::Key,
    Action::SetNotifications(_) => stop(settings, words::NOTIFICATIONS),
    Action::SetOfferLinks(_) => stop(settings, words::OFFER_LINKS),
    Action::PickDownloadDir => stop(settings, words::CHOOSE_FOLDER),
    Action::UseTypedDir => stop(settings, words::DOWNLOAD_FOLDER),
    Action::UseName => stop(settings, words::NAME_FIELD),
    Action::UseLimits => stop(settings, words::USE_LIMITS),
    Action::UsePort => stop(settings, words::USE_PORT),
    Action::AddTracker => stop(settings, words::ADD),
    Action::TestTracker(_) => stop(settings, words::test_of(TRACKER)),
    Action::RemoveTracker(_) => stop(settings, words::remove_tracker(TRACKER)),
    Action::EditToken(_) => stop(settings, words::token_of(TRACKER)),
    Action::UseToken => stop(settings, words::TOKEN_FIELD),
    Action::ForgetToken => stop(settings, words::FORGET_TOKEN),
    Action::RunTracker(_) => By::Palette,
    Action::RegisterLinks(_) => stop(settings, words::REGISTER_LINKS),
    Action::FinishSetup => stop(first_start, words::SETUP_RUN),
    Action::Palette => By::Key,
    Action::PaletteRun(_) => stop(|| open(|window| key(window, Modifiers::COMMAND, Key::K)), words::SHARE_A_FOLDER),
    Action::Shortcuts => By::Key,
    Action::Licences => By::Palette,
    Action::ShowLog => By::Palette,
    Action::SaveLog => stop(|| open(|window| tell(window, Notice::Log(Vec::new()))), words::SAVE_LOG),
    Action::CloseDialog => stop(|| open(|window| plain_key(window, Key::F1)), words::CLOSE),
    Action::DismissToast(_) => stop(told, words::DISMISS),
    Action::Quit => By::Key,
}

fn list() -> Window {
    with(busy())
}

fn selected() -> Window {
    with_selected("debian")
}

/// A transfer is selected, and something is opened on top.
fn open(what: impl FnOnce(&mut Window)) -> Window {
    let mut window = selected();
    what(&mut window);
    window
}

/// Something is told, and stays for as long as the Tab key takes to go round.
fn told() -> Window {
    let mut window = list();
    window.state_mut().view.toasts.push("It is done.", Mood::Good, 1000.0);
    window.run();
    window
}

fn columns() -> Window {
    let mut window = list();
    window.get_by_role_and_label(Role::Button, words::COLUMNS).focus();
    window.run();
    plain_key(&mut window, Key::Enter);
    window
}

fn share() -> Window {
    on(Screen::Share, busy())
}

fn just_shared() -> Window {
    let mut window = share();
    let link = transfer(3, "lecture-notes-2026.zip", 200, 100, TransferState::Sharing).link;
    tell_of(&mut window, Event::Shared { path: "/x/lecture-notes-2026.zip".into(), link });
    window
}

fn offered() -> Window {
    let mut window = share();
    window.state_mut().view.offer(ID.parse().unwrap());
    window.run();
    window
}

fn files() -> Window {
    let mut window = with(folder());
    select(&mut window, "field");
    show_tab(&mut window, DetailTab::Files);
    window
}

fn settings() -> Window {
    unfolded_settings()
}

fn first_start() -> Window {
    with(Snapshot { trackers: Vec::new(), ..empty() })
}

#[test]
fn every_action_is_done_without_a_mouse() {
    let all = all();
    for (action, by) in &all {
        let of_table = || BINDINGS.iter().filter(|binding| kind(&binding.action) == *action);
        match by {
            By::Key => assert!(of_table().any(|binding| binding.key.is_some()), "{action} has no key"),
            By::Palette => assert!(of_table().any(|binding| !binding.name.is_empty()), "{action} has no name"),
            By::Same(other) => assert!(all.iter().any(|(kind, _)| kind == other), "{other} is no action"),
            By::Stop(window, name) => {
                let stops = tab_stops(&mut window());
                assert!(stops.iter().any(|(_, stop)| stop == name), "{action}: no {name:?} in {stops:?}");
            }
        }
    }
}

#[test]
fn a_column_gets_wider_and_narrower_by_keys() {
    let mut window = columns();
    let width =
        |window: &Window| window.get_by_role_and_label(Role::Button, &words::sort_by(Column::Progress)).rect().left();
    let before = width(&window);
    window.get_by_role_and_label(Role::Button, &words::wider(Column::Status)).focus();
    window.run();
    plain_key(&mut window, Key::Enter);
    plain_key(&mut window, Key::Enter);
    assert!(kept(&window).is_some_and(|kept| kept.widths[&Column::Status] > 150));
    assert!(width(&window) < before - 20.0, "the name gives what the column takes");
    window.get_by_role_and_label(Role::Button, &words::narrower(Column::Status)).focus();
    window.run();
    plain_key(&mut window, Key::Space);
    assert!(width(&window) > before - 20.0);
}

#[test]
fn what_the_palette_finds_is_done_by_enter() {
    let mut window = selected();
    key(&mut window, Modifiers::COMMAND, Key::K);
    type_into(&mut window, words::PALETTE_FIELD, "no such thing");
    assert!(reads(&window, words::PALETTE_NOTHING));
    retype(&mut window, words::PALETTE_FIELD, "again check");
    plain_key(&mut window, Key::Enter);
    assert!(matches!(commands(&window)[..], [Command::Check(file)] if *file == id(1)));
    key(&mut window, Modifiers::COMMAND, Key::K);
    plain_key(&mut window, Key::ArrowDown);
    plain_key(&mut window, Key::Enter);
    assert_eq!(requests(&window), [&Request::PickFile], "the second of the list");
}
