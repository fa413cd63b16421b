//! The keyboard: every action can be done without a mouse.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use sprat_peer_gui::actions::{
    Action, AddAction, BINDINGS, BrowseAction, DialogAction, ListAction, SettingsAction, ShareAction, TrackerAction,
    TransferAction, WindowAction,
};
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

/// Way in which an action is done without a mouse.
enum By {
    /// Key of a binding.
    Key,
    /// Name in the palette.
    Palette,
    /// Stop of the Tab key in this window.
    Stop(fn() -> Window, String),
    /// Other action that does the same, and has an entry of its own.
    Same(&'static str),
}

/// Declares the way in which each action is done without a mouse. There is no wildcard: whoever adds an action has to
/// say.
macro_rules! without_mouse {
    ($($action:pat => $by:expr,)*) => {
        /// Kind of an action, without its arguments.
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
    Action::Run(_) => stop(|| open(|window| key(window, Modifiers::COMMAND, Key::K)), words::SHARE_A_FOLDER),
    Action::Add(AddAction::Type(_)) => stop(list, words::PASTE_ID),
    Action::Add(AddAction::Submit) => stop(list, words::DOWNLOAD),
    Action::Add(AddAction::Paste(_)) => By::Same("Action::Add(AddAction::Submit)"),
    Action::Add(AddAction::AcceptOffer) => stop(offered, words::DOWNLOAD_IT),
    Action::Add(AddAction::DeclineOffer) => stop(offered, words::DISMISS),
    Action::Browse(BrowseAction::Get(_)) => stop(found, words::get("lecture-01-introduction.mp4")),
    Action::Share(ShareAction::PickFile) => By::Key,
    Action::Share(ShareAction::PickFolder) => By::Key,
    Action::Share(ShareAction::Share(_)) => By::Same("Action::Share(ShareAction::ShareTyped)"),
    Action::Share(ShareAction::Type(_)) => stop(share, words::SHARE_PATH),
    Action::Share(ShareAction::ShareTyped) => stop(share, words::SHARE_PATH),
    Action::Share(ShareAction::Cancel(_)) => stop(share, words::cancel_share("interview-raw.mov")),
    Action::List(ListAction::Select(..)) => By::Same("Action::List(ListAction::Move(..))"),
    Action::List(ListAction::Move(..)) => By::Key,
    Action::List(ListAction::SelectAll) => By::Key,
    Action::List(ListAction::Deselect) => By::Key,
    Action::List(ListAction::SetFilter(_)) => stop(list, words::filter(Filter::Problems, 1)),
    Action::List(ListAction::SortBy(_)) => stop(list, words::sort_by(Column::Size)),
    Action::List(ListAction::ToggleColumn(_)) => stop(columns, words::SIZE),
    Action::List(ListAction::SetWidth { .. }) => stop(columns, words::wider(Column::Size)),
    Action::List(ListAction::ShowTab(_)) => stop(selected, words::tab(words::PEERS)),
    Action::Transfers(TransferAction::TogglePause) => By::Key,
    Action::Transfers(TransferAction::PauseAll) => By::Palette,
    Action::Transfers(TransferAction::ResumeAll) => By::Palette,
    Action::Transfers(TransferAction::Remove) => By::Key,
    Action::Transfers(TransferAction::UndoRemove) => By::Palette,
    Action::Transfers(TransferAction::AskDelete) => By::Key,
    Action::Dialog(DialogAction::ConfirmDelete) => stop(|| open(|window| key(window, Modifiers::SHIFT, Key::Delete)), words::DELETE_CONFIRM),
    Action::Transfers(TransferAction::CopyLink) => By::Palette,
    Action::Transfers(TransferAction::CopyId) => By::Palette,
    Action::Window(WindowAction::Copy(..)) => stop(share, words::copy_link_of("lecture-notes-2026.zip")),
    Action::Transfers(TransferAction::ShowQr) => By::Palette,
    Action::Share(ShareAction::ShowQr(..)) => stop(just_shared, words::SHOW_QR),
    Action::Transfers(TransferAction::OpenFolder) => By::Key,
    Action::Transfers(TransferAction::OpenFile) => By::Key,
    Action::Transfers(TransferAction::Check) => By::Palette,
    Action::Transfers(TransferAction::CancelWork) => By::Palette,
    Action::Transfers(TransferAction::ToggleSequential) => By::Palette,
    Action::Transfers(TransferAction::AskMove) => By::Palette,
    Action::Dialog(DialogAction::PickMoveDir) => stop(|| open(|window| press_more(window, words::MOVE)), words::CHOOSE_FOLDER),
    Action::Dialog(DialogAction::ConfirmMove) => stop(|| open(|window| press_more(window, words::MOVE)), words::MOVE_CONFIRM),
    Action::Transfers(TransferAction::AskLimits) => By::Palette,
    Action::Dialog(DialogAction::ConfirmLimits) => stop(|| open(|window| press_more(window, words::LIMITS)), words::USE_LIMITS),
    Action::Transfers(TransferAction::AskPeer) => By::Palette,
    Action::Dialog(DialogAction::ConfirmPeer) => stop(|| open(|window| press_more(window, words::ADD_PEER)), words::ADD),
    Action::Transfers(TransferAction::SetPriority(..)) => stop(files, words::priority_of("notes.txt", Priority::Normal)),
    Action::Browse(BrowseAction::Type(_)) => stop(found, words::SEARCH_FIELD),
    Action::Browse(BrowseAction::Search) => stop(found, words::SEARCH),
    Action::Browse(BrowseAction::More) => stop(found, words::SHOW_MORE),
    Action::Browse(BrowseAction::Focus) => By::Key,
    Action::Trackers(TrackerAction::Retry) => By::Palette,
    Action::Settings(SettingsAction::SetTheme(_)) => By::Palette,
    Action::Settings(SettingsAction::Zoom(_)) => By::Key,
    Action::Settings(SettingsAction::SetNotifications(_)) => stop(settings, words::NOTIFICATIONS),
    Action::Settings(SettingsAction::SetOfferLinks(_)) => stop(settings, words::OFFER_LINKS),
    Action::Settings(SettingsAction::Type(..)) => stop(settings, words::NAME_FIELD),
    Action::Settings(SettingsAction::PickDownloadDir) => stop(settings, words::CHOOSE_FOLDER),
    Action::Settings(SettingsAction::UseDir) => stop(settings, words::DOWNLOAD_FOLDER),
    Action::Settings(SettingsAction::UseName) => stop(settings, words::NAME_FIELD),
    Action::Settings(SettingsAction::UseLimits) => stop(settings, words::USE_LIMITS),
    Action::Settings(SettingsAction::UsePort) => stop(settings, words::USE_PORT),
    Action::Trackers(TrackerAction::TypeAddress(_)) => stop(settings, words::TRACKER_FIELD),
    Action::Trackers(TrackerAction::Add) => stop(settings, words::ADD),
    Action::Trackers(TrackerAction::Test(_)) => stop(settings, words::test_of(TRACKER)),
    Action::Trackers(TrackerAction::Remove(_)) => stop(settings, words::remove_tracker(TRACKER)),
    Action::Trackers(TrackerAction::EditToken(_)) => stop(settings, words::token_of(TRACKER)),
    Action::Trackers(TrackerAction::TypeToken(_)) => stop(settings, words::TOKEN_FIELD),
    Action::Trackers(TrackerAction::UseToken) => stop(settings, words::TOKEN_FIELD),
    Action::Trackers(TrackerAction::ForgetToken) => stop(settings, words::FORGET_TOKEN),
    Action::Trackers(TrackerAction::RunLocal(_)) => By::Palette,
    Action::Settings(SettingsAction::RegisterLinks(_)) => stop(settings, words::REGISTER_LINKS),
    Action::Settings(SettingsAction::FinishSetup) => stop(first_start, words::SETUP_RUN),
    Action::Dialog(DialogAction::Palette) => By::Key,
    Action::Dialog(DialogAction::Mark(_)) => By::Same("Action::Dialog(DialogAction::Type(..))"),
    Action::Dialog(DialogAction::Type(..)) => {
        stop(|| open(|window| key(window, Modifiers::COMMAND, Key::K)), words::PALETTE_FIELD)
    },
    Action::Dialog(DialogAction::Shortcuts) => By::Key,
    Action::Dialog(DialogAction::Licences) => By::Palette,
    Action::Dialog(DialogAction::ShowLog) => By::Palette,
    Action::Dialog(DialogAction::SaveLog) => stop(|| open(|window| tell(window, Notice::Log(Vec::new()))), words::SAVE_LOG),
    Action::Dialog(DialogAction::Close) => stop(|| open(|window| plain_key(window, Key::F1)), words::CLOSE),
    Action::Window(WindowAction::DismissToast(_)) => stop(told, words::DISMISS),
    Action::Window(WindowAction::Quit) => By::Key,
}

fn list() -> Window {
    with(busy())
}

fn selected() -> Window {
    with_selected("debian")
}

/// Window in which a transfer is selected, and something is opened on top.
fn open(what: impl FnOnce(&mut Window)) -> Window {
    let mut window = selected();
    what(&mut window);
    window
}

/// Window with a toast that stays for as long as the Tab key takes to go round.
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
    window.state_mut().view.adding.offer(ID.parse().unwrap());
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
