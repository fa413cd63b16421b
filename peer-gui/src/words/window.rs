//! Words around every screen: the sidebar, the status bar, the banners, the page of the start.

use std::time::Duration;

use super::common::{DOWN, UP, quoted};
use super::format;

pub const TRANSFERS: &str = "Transfers";
pub const BROWSE: &str = "Browse";
pub const SHARE: &str = "Share";
pub const SETTINGS: &str = "Settings";
/// Text while the engine starts.
pub const STARTING: &str = "Starting…";
/// Heading of the page that stands for everything if the engine did not start.
pub const START_FAILED: &str = "Sprat could not start";
/// Reason on that page if the engine ended without being asked to.
pub const ENGINE_ENDED: &str =
    "The engine stopped unexpectedly. Nothing that was verified is lost: close this window and start Sprat again.";
/// Button of that page, and entry of the palette.
pub const QUIT: &str = "Close Sprat";
/// Button beside an offer.
pub const DOWNLOAD_IT: &str = "Download it";
/// Hint over everything while a file is held above the window.
pub const DROP_TO_SHARE: &str = "Drop to share";
pub const PEERS: &str = "Peers";
pub const UNDO: &str = "Undo";
/// Toast for a queue that is full.
pub const BUSY: &str = "Sprat is busy right now. Try again in a moment.";
pub const TRACKER_NONE: &str = "No tracker";
pub const TRACKER_CONNECTING: &str = "Connecting…";
pub const TRACKER_ONLINE: &str = "Tracker online";
pub const TRACKER_AWAY: &str = "Tracker away";
pub const TRACKER_REFUSES: &str = "Tracker refuses";
pub const TRACKER_SOME_AWAY: &str = "A tracker is away";
/// Button beside a tracker that is away.
pub const RETRY_NOW: &str = "Retry now";
pub const TO_LIGHT: &str = "Light theme";
pub const TO_DARK: &str = "Dark theme";

/// Offer of a link from elsewhere.
pub fn offer(name: Option<&str>, file_id: &str) -> String {
    let what = name.map_or_else(|| file_id.to_owned(), quoted);
    format!("Here is a link to {what}. Download it?")
}

/// Banner about a tracker that does not answer.
pub fn tracker_away(host: &str, retry_in: Duration) -> String {
    let seconds = retry_in.as_secs();
    let retry = if seconds == 0 { "Retrying now.".to_owned() } else { format!("Retrying in {seconds} s.") };
    format!("Can't reach the tracker at {host}. Running transfers continue with known peers. {retry}")
}

/// Numbers of transfers in the status bar.
pub fn totals(transfers: usize, downloading: usize, sharing: usize) -> String {
    let transfers = format::count(transfers, "transfer", "transfers");
    format!("{transfers} · {downloading} downloading · {sharing} sharing")
}

/// Rates in the status bar.
pub fn rates(down: u64, up: u64) -> String {
    format!("{DOWN} {}/s    {UP} {}/s", format::size(down), format::size(up))
}

/// Port that this peer listens on.
pub fn listening(port: u16) -> String {
    format!("Listening on port {port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracker_that_is_away_is_named() {
        assert_eq!(
            tracker_away("hub:5000", Duration::from_secs(12)),
            "Can't reach the tracker at hub:5000. Running transfers continue with known peers. Retrying in 12 s."
        );
        assert!(tracker_away("hub", Duration::ZERO).ends_with("Retrying now."));
    }
}
