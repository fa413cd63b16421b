//! The window itself: its clock, its focus, and files that are dropped on it too early.

use std::path::PathBuf;

use super::focus::Focus;

/// State of the window itself.
#[derive(Debug, Default)]
pub struct Window {
    /// True while the window is in front.
    pub focused: bool,
    /// Place of the keyboard's focus in the last frame.
    pub keyboard: Focus,
    /// Files that were dropped before the engine was there.
    pub dropped: Vec<PathBuf>,
    /// Moment until which no notification is shown, in seconds on the window's clock.
    pub quiet_until: f64,
    /// Moment at which the window's clock began, in seconds since 1970 (UTC).
    pub began: f64,
}

impl Window {
    /// Converts a moment on the window's clock into seconds since 1970 (UTC).
    pub fn unix_time(&self, now: f64) -> u64 {
        (self.began + now) as u64
    }
}
