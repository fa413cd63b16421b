//! Words for the system, outside of the window.

/// Answer of `sprat-gui --register-links`.
pub const LINKS_REGISTERED: &str = "Links that begin with sprat: are opened by this program, and it is in the menu.";
/// Name of a link in Windows' registry.
pub const LINK_KIND: &str = "URL:Sprat link";
/// Error of registering links on macOS.
pub const NEEDS_BUNDLE: &str = "on macOS it takes an app bundle to open links";

/// Error of a path that the menu cannot hold.
pub fn cannot_be_in_menu(path: &str) -> String {
    format!("the menu can't hold a program at {path}")
}
