//! Words of the Settings screen and of the card of the first start.

use std::num::NonZeroU32;

use super::common::APP;
use super::details::limits;
use super::format;

pub const APPLY: &str = "Use this folder";
pub const YOUR_NAME: &str = "Your name";
pub const NAME_HINT: &str = "Those who exchange files with you see it. It may stay empty.";
pub const NAME_FIELD: &str = "Name that others see";
pub const USE_NAME: &str = "Use this name";
pub const NAME_SET: &str = "Whoever connects from now on sees this name.";
pub const NAME_CLEARED: &str = "Whoever connects from now on sees no name.";
pub const NETWORK: &str = "Network";
pub const ADVANCED: &str = "Limits and port";
pub const ACTIVE_FIELD: &str = "Downloads at once";
pub const BAD_ACTIVE: &str = "Between 1 and 1000 downloads can run at once.";
pub const LIMITS_SET: &str = "These limits count from now on.";
pub const PORT_FIELD: &str = "Port for peers";
pub const BAD_PORT: &str = "A port is a number up to 65535; leave it empty for any free one.";
pub const USE_PORT: &str = "Use this port";
pub const PORT_SET: &str = "The port is used when Sprat starts the next time.";
pub const SYSTEM: &str = "System";
pub const NOTIFICATIONS: &str = "Tell me when a transfer ends and I am not looking";
pub const OFFER_LINKS: &str = "Offer to download a link that I copied elsewhere";
pub const REGISTER_LINKS: &str = "Open sprat: links with this program";
pub const REGISTER_LINKS_HINT: &str =
    "A click on such a link on a page or in a mail then offers the download here, and Sprat is in the menu.";
pub const DOWNLOAD_FOLDER_HINT: &str = "New downloads are saved here. Those under way stay where they are.";
pub const APPEARANCE: &str = "Appearance";
pub const THEME_SYSTEM: &str = "System";
pub const THEME_LIGHT: &str = "Light";
pub const THEME_DARK: &str = "Dark";
pub const ABOUT: &str = "About";
pub const SETUP_TITLE: &str = "Welcome to Sprat";
pub const SETUP_TEXT: &str = "A tracker knows who has which file. Enter the address that you were given, or run one on this computer. The rest may stay as it is; the settings have it all.";
pub const SETUP_RUN: &str = "Run one on this computer";
pub const SETUP_USE: &str = "Use this tracker";
pub const SETUP_LATER: &str = "Not now";

/// Limits and number of downloads that are in use.
pub fn limits_now(up: Option<NonZeroU32>, down: Option<NonZeroU32>, active: usize) -> String {
    let speed = limits(up, down).map_or("No speed limit".to_owned(), |limits| format!("Limited to {limits}"));
    format!("{speed}; up to {} at once.", format::count(active, "download", "downloads"))
}

/// Size of everything.
pub fn zoom(percent: u16) -> String {
    format!("{percent}% of the normal size")
}

/// Version of the program.
pub fn version() -> String {
    format!("{APP} {}", env!("CARGO_PKG_VERSION"))
}

/// Peer ID of this computer.
pub fn peer_id(peer_id: &str) -> String {
    format!("Your peer ID is {peer_id}.")
}
