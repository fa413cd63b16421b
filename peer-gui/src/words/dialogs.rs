//! Words of the dialogs.

/// Question before deleting.
pub const DELETE_TITLE: &str = "Delete the file?";
/// Button that deletes.
pub const DELETE_CONFIRM: &str = "Delete";
pub const MOVE_TITLE: &str = "Move to another folder";
pub const MOVE_HINT: &str = "What is downloaded so far goes along, and it goes on there.";
pub const MOVE_FIELD: &str = "Folder to move to";
pub const MOVE_CONFIRM: &str = "Move";
pub const LIMITS_TITLE: &str = "Limit the speed";
pub const ADD_PEER_TITLE: &str = "Add a peer";
pub const ADD_PEER_HINT: &str = "Somebody who has this file and is not found by a tracker.";
pub const PEER_FIELD: &str = "Address of the peer, such as 192.168.1.20:38649";
pub const BAD_PEER: &str = "That isn't a peer's address. One looks like 192.168.1.20:38649.";
pub const PALETTE_TITLE: &str = "What would you like to do?";
pub const PALETTE_FIELD: &str = "Search for a command";
pub const PALETTE_NOTHING: &str = "No command is called like that.";
pub const SHORTCUTS: &str = "Keyboard shortcuts";
pub const ANYWHERE: &str = "Everywhere";
pub const IN_THE_LIST: &str = "In the list of transfers";
pub const OTHER_KEYS: [(&str, &str); 3] =
    [("Find a command", "Ctrl+K"), ("Add the ID on the clipboard", "Ctrl+V"), ("Close a dialog", "Escape")];
pub const LIST_KEYS: [(&str, &str); 3] =
    [("Move", "Up, Down, Home, End"), ("Select several", "Shift with these"), ("Select nothing", "Escape")];
pub const QR_TITLE: &str = "Scan this link";
pub const QR_SPOKEN: &str = "QR code of the link";
pub const QR_TOO_LONG: &str = "The link is too long for a QR code. Copy it instead.";
pub const SHOW_LICENCES: &str = "Licences";
pub const LICENCE_OF_SPRAT: &str = "Sprat is licensed under MIT or Apache-2.0, at your option. It contains:";
pub const SHOW_LOG: &str = "Log";
pub const SAVE_LOG: &str = "Save log…";
pub const LOG_FILE: &str = "sprat.log";
pub const LOG_EMPTY: &str = "Nothing worth a line has happened yet.";

/// Consequences of deleting.
pub fn delete_question(what: &str, count: usize) -> String {
    let is = if count == 1 { "is" } else { "are" };
    format!(
        "{what} {is} removed from the list, and what was downloaded is deleted from the disk. This can't be undone."
    )
}
