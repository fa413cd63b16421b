//! The real window on a real display: two of them exchange a file by keyboard and clipboard, it says goodbye, and it costs nothing
//! while nothing happens.
//!
//! These need a display, `xdotool` and ImageMagick: `xvfb-run cargo test --workspace -- --ignored`. They leave pictures in
//! `target/window-pictures`.

#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sprat_tests::PATIENCE;
use sprat_tests::files::{independent_id, noise, real_file, same};
use sprat_tests::process::{Process, Tracker, get, share};
use sprat_tests::window::{Window, arguments, until, within};

/// Time that one attempt by keyboard may take to be seen: a key that is pressed while nothing listens is lost, as it is
/// for a person, who then presses it again.
const ATTEMPT: Duration = Duration::from_secs(5);
/// Time that a closed window's process may take to end.
const GOODBYE: Duration = Duration::from_secs(5);

/// There is one display, and one keyboard.
static DISPLAY: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    DISPLAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ticks of CPU (hundredths of a second) that a process has used.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("a name in parentheses").split_whitespace().collect();
    fields[11].parse::<u64>().expect("utime") + fields[12].parse::<u64>().expect("stime")
}

/// Waits until the process has done nothing for so long.
fn rests(window: &Window, for_so_long: Duration) {
    let rested = within(2 * PATIENCE, || {
        let before = ticks(window.id());
        std::thread::sleep(for_so_long);
        (ticks(window.id()) - before <= 1).then_some(())
    });
    assert!(rested.is_some(), "the window never rests");
}

/// Closes the window, and holds that it ends soon and well.
fn close(window: Window) {
    let asked = Instant::now();
    let ended = window.close();
    assert_eq!(ended.code(), 0, "{}", ended.errors);
    assert!(asked.elapsed() < GOODBYE, "it took {:?} to end", asked.elapsed());
}

/// A window's folder in which somebody was before, so that nobody is welcomed, with these preferences beside.
fn used(dir: PathBuf, preferences: &str) -> PathBuf {
    std::fs::create_dir_all(dir.join("state")).unwrap();
    let preferences = format!("{{\"setup_done\":true,\"theme\":\"dark\"{preferences}}}");
    std::fs::write(dir.join("state/preferences.json"), preferences).unwrap();
    dir
}

/// Types the path of a file where a window without file dialogs asks for it, until it is shared.
fn share_by_hand(window: &Window, file: &Path) -> String {
    let id = independent_id(file);
    until("the shared file", || {
        window.focus();
        window.press(&["ctrl+3"]);
        let before = window.picture();
        // Where no dialog opens there is a field for the path: it has the focus, and a line that says so.
        window.press(&["ctrl+o"]);
        within(ATTEMPT, || (window.picture() != before).then_some(()));
        window.press(&["ctrl+a"]);
        window.write(file.to_str().unwrap());
        window.press(&["Return"]);
        within(ATTEMPT, || window.transfer(&id))
    });
    id
}

/// Copies the link of the first row of one window, and pastes it into another, until it is there.
fn hand_link(from: &Window, to: &Window, id: &str) {
    until("the download", || {
        from.focus();
        from.press(&["ctrl+1", "Home", "ctrl+c"]);
        to.focus();
        to.press(&["ctrl+1", "ctrl+v"]);
        within(ATTEMPT, || to.transfer(id))
    });
}

/// Presses Space on the first row until the transfer is paused, or is not.
fn pause(window: &Window, id: &str, paused: bool) {
    let is = || window.transfer(id).filter(|transfer| transfer["paused"] == paused);
    until("the pause, or its end", || {
        window.focus();
        window.press(&["Home", "space"]);
        within(ATTEMPT, is)
    });
}

#[test]
#[ignore = "needs a display"]
fn two_windows_exchange_a_file_by_keyboard() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let tracker = Tracker::start(&[]);
    let file = dir.path().join("film of two.bin");
    std::fs::write(&file, noise(12 << 20, 1)).unwrap();
    let ada = Window::start(&used(dir.path().join("ada"), ""), &tracker, &[]);
    let bob_dir = used(dir.path().join("bob"), ",\"down_limit\":1048576");
    let bob = Window::start(&bob_dir, &tracker, &[]);

    let id = share_by_hand(&ada, &file);
    ada.keep_picture("shared");
    hand_link(&ada, &bob, &id);
    let arrived = bob_dir.join("downloads/film of two.bin");
    let part = bob_dir.join("downloads/film of two.bin.part");
    until("a part of the file", || part.exists().then_some(()));
    pause(&bob, &id, true);
    bob.keep_picture("paused");
    assert!(!arrived.exists(), "it was complete before it could be paused");
    pause(&bob, &id, false);
    until("the file", || arrived.exists().then_some(()));
    assert!(same(&file, &arrived));
    bob.keep_picture("complete");

    a_wrong_id_is_refused(&bob);
    a_second_start_hands_its_link_over(dir.path(), &bob_dir, &bob, &tracker);
    close(ada);
    close(bob);
    what_was_fetched_is_there_again(dir.path(), &bob_dir, &id, &tracker);
}

/// A text that is no ID changes what is on the screen, and nothing else.
fn a_wrong_id_is_refused(window: &Window) {
    let known = window.library();
    window.focus();
    window.press(&["ctrl+1"]);
    let before = window.picture();
    window.put_on_clipboard("no-id");
    window.press(&["ctrl+v"]);
    until("what is wrong with it", || (window.picture() != before).then_some(()));
    window.keep_picture("wrong-id");
    assert_eq!(window.library(), known);
}

fn a_second_start_hands_its_link_over(dir: &Path, window_dir: &Path, window: &Window, tracker: &Tracker) {
    let file = dir.join("second.bin");
    std::fs::write(&file, noise(100_000, 2)).unwrap();
    let (_seeder, shared) = share(&file, tracker, &["--state-dir", dir.join("seeder").to_str().unwrap()]);
    let link = shared["link"].as_str().expect("a shared file has a link");
    let ended = Process::start("sprat-gui", arguments(window_dir, tracker, &[link])).wait();
    assert_eq!(ended.code(), 0, "{}", ended.errors);
    until("the transfer that was handed over", || window.transfer(&independent_id(&file)));
    let arrived = window_dir.join("downloads/second.bin");
    until("its file", || arrived.exists().then_some(()));
    assert!(same(&file, &arrived));
}

/// The next start serves it, and nobody else does.
fn what_was_fetched_is_there_again(dir: &Path, window_dir: &Path, id: &str, tracker: &Tracker) {
    let window = Window::start(window_dir, tracker, &[]);
    assert_eq!(window.library().len(), 2);
    let copies = dir.join("copies");
    std::fs::create_dir(&copies).unwrap();
    let ended = get(id, tracker, &copies, &["--timeout", "60"]).wait();
    assert_eq!(ended.code(), 0, "{}", ended.errors);
    assert!(same(&copies.join("film of two.bin"), &dir.join("film of two.bin")));
    window.keep_picture("next-start");
    close(window);
}

#[test]
#[ignore = "needs a display"]
fn a_file_given_to_the_window_is_shared_and_an_idle_window_rests() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let tracker = Tracker::start(&[]);
    let file = real_file();
    let window = Window::start(dir.path(), &tracker, &[file.to_str().unwrap()]);
    let id = independent_id(&file);
    let ended = get(&id, &tracker, dir.path(), &["--timeout", "60"]).wait();
    assert_eq!(ended.code(), 0, "{}", ended.errors);
    assert!(same(&file, &dir.path().join(file.file_name().unwrap())));
    // The upload's figures fade for a few seconds; then a while must pass in which nothing is done.
    rests(&window, Duration::from_secs(2));
}

#[test]
#[ignore = "needs a display"]
fn a_thousand_transfers_cost_nothing_while_nothing_happens() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let tracker = Tracker::start(&[]);
    let files: Vec<String> = (0..1000)
        .map(|number| {
            let file = dir.path().join(format!("tiny-{number}.txt"));
            std::fs::write(&file, format!("The file number {number}.")).unwrap();
            file.into_os_string().into_string().unwrap()
        })
        .collect();
    let open: Vec<&str> = files.iter().map(String::as_str).collect();
    let window = Window::start(&used(dir.path().to_owned(), ""), &tracker, &open);
    until("a thousand transfers", || (window.library().len() == 1000).then_some(()));
    window.keep_picture("a-thousand");
    rests(&window, Duration::from_secs(10));
    window.hide();
    rests(&window, Duration::from_secs(10));
    close(window);
}
