//! Names of actions that stand in the palette and nowhere else.

pub const PAUSE_OR_RESUME: &str = "Pause or resume";
pub const PAUSE_ALL: &str = "Pause all";
pub const RESUME_ALL: &str = "Resume all";
pub const SELECT_ALL: &str = "Select all";
pub const UNDO_REMOVE: &str = "Undo the last removal";
pub const ZOOM_IN: &str = "Larger";
pub const ZOOM_OUT: &str = "Smaller";
pub const ZOOM_RESET: &str = "Normal size";
pub const USE_SYSTEM_THEME: &str = "Theme of the system";
pub const STOP_TRACKER: &str = "Stop the tracker on this computer";
pub const RETRY_TRACKERS: &str = "Ask trackers that are away again";
