//! Words about trackers and their tokens.

/// Toast for a copied address.
pub const ADDRESS_COPIED: &str = "Address copied.";
pub const TEST: &str = "Test";
pub const TESTING: &str = "Asking…";
pub const ANSWERS: &str = "It answers.";
pub const TRACKERS: &str = "Trackers";
pub const TRACKERS_HINT: &str = "A tracker knows who has which file. Everyone who exchanges files uses the same one.";
pub const NO_TRACKERS: &str = "None yet.";
pub const TRACKER_FIELD: &str = "Tracker address, such as tracker.example:5000";
pub const BAD_TRACKER: &str =
    "That isn't a tracker's address. One looks like tracker.example:5000 or https://tracker.example.";
pub const TRACKER_KNOWN: &str = "That tracker is in the list already.";
/// State of a tracker that answers and does not let this computer use it.
pub const NOT_ALLOWED: &str = "Not allowed";
/// Button beside a tracker, for its token.
pub const TOKEN: &str = "Token…";
/// Explanation of a token.
pub const TOKEN_HINT: &str = "A private tracker is opened with a token. Whoever runs it gives you one.";
/// Field for a token.
pub const TOKEN_FIELD: &str = "Token";
/// Button that uses the token in the field.
pub const USE_TOKEN: &str = "Use";
/// Button that uses no token from now on.
pub const FORGET_TOKEN: &str = "Forget";
/// Error of a text that is no token.
pub const BAD_TOKEN: &str = "That isn't a token. Copy all of it, from the first character to the last.";
/// Toast for a token that is used from now on.
pub const TOKEN_KEPT: &str = "Token kept";
/// Toast for a token that is not used any more.
pub const TOKEN_FORGOTTEN: &str = "Token forgotten on this computer";
/// Toast for a token that cannot be kept.
pub const NO_TOKEN_FILE: &str =
    "The token is used until this window is closed: there is no home folder to keep it in. Set HOME and start again.";
pub const RUN_TRACKER_TITLE: &str = "A tracker of your own";
pub const RUN_TRACKER_HINT: &str = "Runs as long as this window is open, and is used by it too.";
pub const RUN_TRACKER: &str = "Run a tracker on this computer";
pub const SERVE_LAN: &str = "Let others on this network use it";
pub const GIVE_ADDRESS: &str = "Others enter this address as their tracker:";
pub const ONLY_HERE: &str = "Only programs on this computer can reach it:";
pub const NO_NETWORK: &str = "This computer has no network address that others could use right now.";
pub const TRACKER_STARTING: &str = "The tracker is starting…";
pub const COPY_ADDRESS: &str = "Copy address";
pub const ONLINE: &str = "Online";
pub const AWAY: &str = "Away";

/// Name of the button that asks a tracker whether it answers.
pub fn test_of(url: &str) -> String {
    format!("Test {url}")
}

/// Trouble of the tracker on this computer.
pub fn local_tracker_failed(reason: &str) -> String {
    format!("The tracker on this computer can't run: {reason}")
}

/// Name of the button that asks for a tracker's token.
pub fn token_of(url: &str) -> String {
    format!("Token for {url}")
}

/// Trouble with the file of the tokens.
pub fn tokens_trouble(error: &str) -> String {
    format!("Tokens of private trackers: {error}.")
}

/// Name of the button that removes a tracker.
pub fn remove_tracker(url: &str) -> String {
    format!("Remove {url}")
}
