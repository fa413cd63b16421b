//! The Share screen.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use sprat_peer_gui::model::engine::{Command, HashingView, TransferState};
use sprat_peer_gui::model::messages::{Notice, Picked, Request};
use sprat_peer_gui::model::screen::Screen;
use sprat_peer_gui::words;

use crate::common::{busy, empty, id, transfer};
use crate::window::*;

#[test]
fn a_path_that_is_typed_is_shared() {
    let mut window = on(Screen::Share, empty());
    type_into(&mut window, words::SHARE_PATH, "/data/a b.txt");
    press(&mut window, words::SHARE);
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
    press(&mut window, words::SHARE_A_FILE);
    assert_eq!(requests(&window), [&Request::PickFile]);
    tell(&mut window, Notice::PickedFile(Picked::Unavailable));
    assert!(reads(&window, words::NO_DIALOG));
    assert!(window.get_by_role_and_label(Role::TextInput, words::SHARE_PATH).is_focused());
}

#[test]
fn a_newly_shared_file_has_a_card_with_its_link() {
    let mut window = on(Screen::Share, busy());
    let link = transfer(3, "lecture-notes-2026.zip", 200, 100, TransferState::Sharing).link;
    let shared = sprat_api::Event::Shared { path: "/x/lecture-notes-2026.zip".into(), link: link.clone() };
    tell_of(&mut window, shared);
    assert!(reads(&window, words::NEWLY_SHARED) && reads(&window, &id(3).to_string()));
    press(&mut window, words::COPY_LINK);
    assert_eq!(copied(&window), Some(link.to_string().as_str()));
}

#[test]
fn a_folder_is_shared_too() {
    let mut window = on(Screen::Share, empty());
    press(&mut window, words::CHOOSE_SHARED_FOLDER);
    assert_eq!(requests(&window), [&Request::PickShareFolder]);
    tell(&mut window, Notice::PickedFile(Picked::Path("/home/ada/Music".into())));
    assert!(matches!(commands(&window)[..], [Command::Share(path)] if path == Path::new("/home/ada/Music")));
    tell(&mut window, Notice::PickedFile(Picked::Nothing));
    assert_eq!(commands(&window).len(), 1);
}

#[test]
fn what_is_being_read_and_what_waits_can_be_cancelled() {
    let mut snapshot = busy();
    let waiting = HashingView { path: "/home/ada/b.mov".into(), done: 0, total: 0, eta: None };
    snapshot.hashing[0].eta = Some(Duration::from_secs(71));
    snapshot.hashing.push(waiting);
    let mut window = on(Screen::Share, snapshot);
    assert!(reads(&window, "3.0 GiB of 8.0 GiB, 1:11 left") && reads(&window, "Waits for its turn."));
    press(&mut window, &words::cancel_share("b.mov"));
    assert!(matches!(commands(&window)[..], [Command::CancelShare(path)] if path == Path::new("/home/ada/b.mov")));
}

#[test]
fn links_of_what_is_shared_are_copied_and_shown() {
    let mut window = on(Screen::Share, busy());
    press(&mut window, &words::copy_link_of("lecture-notes-2026.zip"));
    assert!(copied(&window).is_some_and(|link| link.starts_with("sprat:0303")));
    let link = transfer(3, "lecture-notes-2026.zip", 200, 100, TransferState::Sharing).link;
    tell_of(&mut window, sprat_api::Event::Shared { path: "/x/lecture-notes-2026.zip".into(), link });
    press(&mut window, words::SHOW_QR);
    assert!(reads(&window, words::QR_TITLE));
}

#[test]
fn what_cannot_be_shared_says_why() {
    let mut window = on(Screen::Share, empty());
    let reason = "it is empty".to_owned();
    tell_of(&mut window, sprat_api::Event::ShareFailed { path: "/x/y".into(), reason: reason.clone() });
    assert!(reads(&window, &words::share_failed(Path::new("/x/y"), &reason)));
}
