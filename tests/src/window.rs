//! The window as a person uses it: by the keyboard and the clipboard of a real X display (`xdotool`), with pictures of what was
//! on it (`import` of ImageMagick).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use x11rb::protocol::xproto::{ClientMessageEvent, ConnectionExt as _, EventMask};

use crate::PATIENCE;
use crate::process::{Ended, Process, Tracker};

/// A running `sprat-gui` with its window, and its folders.
pub struct Window {
    process: Process,
    /// The window's number on the display.
    number: String,
    state_dir: PathBuf,
}

impl Window {
    /// Starts it, with its state and its downloads below `dir` and `open` to be opened at once, and waits for its window.
    ///
    /// # Panics
    /// If there is no display, or no `xdotool`.
    pub fn start(dir: &Path, tracker: &Tracker, open: &[&str]) -> Self {
        let state_dir = dir.join("state");
        let process = Process::start("sprat-gui", arguments(dir, tracker, open));
        let pid = process.id().to_string();
        let search = ["search", "--all", "--onlyvisible", "--pid", &pid, "--name", "^Sprat$"];
        let number = until("a window", || xdotool(&search).lines().last().map(ToOwned::to_owned));
        Self { process, number, state_dir }
    }

    /// Its process ID.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Gives it the focus of the keyboard, and lays it over the others.
    pub fn focus(&self) {
        xdotool(&["windowraise", &self.number, "windowfocus", "--sync", &self.number]);
    }

    /// Presses these keys one after another in whichever window has the focus.
    pub fn press(&self, keys: &[&str]) {
        for key in keys {
            xdotool(&["key", "--delay", "30", key]);
        }
    }

    /// Types this text.
    pub fn write(&self, text: &str) {
        xdotool(&["type", "--delay", "4", text]);
    }

    /// Has this text copied, as from elsewhere: it is typed into the field of the search and cut out of it.
    pub fn put_on_clipboard(&self, text: &str) {
        self.press(&["ctrl+f", "ctrl+a"]);
        self.write(text);
        self.press(&["ctrl+a", "ctrl+x", "Escape"]);
    }

    /// Takes it off the screen, as a desktop does that minimises it.
    pub fn hide(&self) {
        xdotool(&["windowunmap", "--sync", &self.number]);
    }

    /// A picture of it.
    ///
    /// # Panics
    /// If there is no `import`.
    pub fn picture(&self) -> Vec<u8> {
        let taken = Command::new("import").args(["-window", &self.number, "png:-"]).output();
        let taken = taken.expect("ImageMagick is installed");
        assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
        taken.stdout
    }

    /// Keeps a picture of it in `target/window-pictures`, for people to look at.
    pub fn keep_picture(&self, name: &str) {
        let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/window-pictures");
        std::fs::create_dir_all(&pictures).expect("the folder can be made");
        std::fs::write(pictures.join(format!("{name}.png")), self.picture()).expect("the picture can be written");
    }

    /// Record of all transfers that the window has written down.
    pub fn library(&self) -> Vec<Value> {
        let bytes = std::fs::read(self.state_dir.join("library.json")).unwrap_or_default();
        let library: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        library["transfers"].as_array().cloned().unwrap_or_default()
    }

    /// Record of this transfer that the window has written down.
    pub fn transfer(&self, file_id: &str) -> Option<Value> {
        self.library().into_iter().find(|transfer| transfer["file_id"] == file_id)
    }

    /// Closes it as a desktop does: with a message that asks it to end. Gives how it ended.
    ///
    /// # Panics
    /// If the display does not take the message, or the process does not end.
    pub fn close(self) -> Ended {
        let number: u32 = self.number.parse().expect("a window has a number");
        let (display, _) = x11rb::connect(None).expect("there is a display");
        let atom = |name: &str| display.intern_atom(false, name.as_bytes()).ok()?.reply().ok().map(|reply| reply.atom);
        let (kind, wish) = (atom("WM_PROTOCOLS").expect("an atom"), atom("WM_DELETE_WINDOW").expect("an atom"));
        let message = ClientMessageEvent::new(32, number, kind, [wish, x11rb::CURRENT_TIME, 0, 0, 0]);
        let sent = display.send_event(false, number, EventMask::NO_EVENT, message).expect("the display takes it");
        sent.check().expect("there is such a window");
        self.process.wait()
    }
}

/// The command line of a window that keeps everything below `dir`.
pub fn arguments(dir: &Path, tracker: &Tracker, open: &[&str]) -> Vec<String> {
    let text = |path: PathBuf| path.into_os_string().into_string().expect("a test's path is Unicode");
    let (state, downloads) = (text(dir.join("state")), text(dir.join("downloads")));
    let fixed = ["--state-dir", &state, "--download-dir", &downloads, "--tracker", &tracker.url];
    let all = fixed.into_iter().chain(["--listen", "127.0.0.1:0"]).chain(open.iter().copied());
    all.map(ToOwned::to_owned).collect()
}

/// Looks again and again until there is something.
///
/// # Panics
/// If there never is.
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, look).unwrap_or_else(|| panic!("there never was {what}"))
}

/// Looks again and again, for so long.
pub fn within<T>(patience: std::time::Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + patience;
    loop {
        match look() {
            None if Instant::now() < end => std::thread::sleep(std::time::Duration::from_millis(50)),
            seen => return seen,
        }
    }
}

/// Output of `xdotool`; nothing if it finds nothing.
fn xdotool(arguments: &[&str]) -> String {
    let ran = Command::new("xdotool").args(arguments).output().expect("xdotool is installed");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}
