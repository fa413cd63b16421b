//! Links that begin with `sprat:`, and the entry in the system's menu.
//!
//! Blocking: for threads that may. Everything is done for this user only, and names the program where it is now: after
//! it was moved it is to be registered again.

#[cfg(all(unix, not(target_os = "macos")))]
mod freedesktop;
#[cfg(all(unix, not(target_os = "macos")))]
mod mime_apps;
#[cfg(windows)]
mod windows;

use std::io;

/// Makes this program the one that opens links, and puts it into the menu.
///
/// # Errors
/// Those of the system. On macOS, that links need an app bundle.
pub fn register() -> io::Result<()> {
    system::register()
}

/// Tells whether links are opened by this program at its present path.
pub fn is_registered() -> bool {
    system::is_registered().unwrap_or(false)
}

/// Undoes [`register`]. Does nothing if nothing was registered.
///
/// # Errors
/// Those of the system.
pub fn unregister() -> io::Result<()> {
    system::unregister()
}

#[cfg(windows)]
use windows as system;

#[cfg(all(unix, not(target_os = "macos")))]
mod system {
    use std::env::current_exe;
    use std::io;

    use super::freedesktop::Homes;

    pub(super) fn register() -> io::Result<()> {
        Homes::of_user()?.register(&current_exe()?)
    }

    pub(super) fn is_registered() -> io::Result<bool> {
        Homes::of_user()?.is_registered(&current_exe()?)
    }

    pub(super) fn unregister() -> io::Result<()> {
        Homes::of_user()?.unregister()
    }
}

#[cfg(target_os = "macos")]
mod system {
    use std::io;

    use crate::words;

    pub(super) fn register() -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, words::NEEDS_BUNDLE))
    }

    pub(super) fn is_registered() -> io::Result<bool> {
        Ok(false)
    }

    pub(super) fn unregister() -> io::Result<()> {
        Ok(())
    }
}
