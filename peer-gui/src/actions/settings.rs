//! Actions on the Settings screen, and on the card of the first start.

use crate::model::preferences::ThemeChoice;

/// Action on the Settings screen or on the card of the first start.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingsAction {
    /// Use these colours.
    SetTheme(ThemeChoice),
    /// Make everything larger or smaller.
    Zoom(Zoom),
    /// Show a notification when a transfer ends, or not.
    SetNotifications(bool),
    /// Offer links that were copied elsewhere, or not.
    SetOfferLinks(bool),
    /// Open `sprat:` links with this program, or no longer.
    RegisterLinks(bool),
    /// Put this text into a field.
    Type(SettingsField, String),
    /// Choose the download folder.
    PickDownloadDir,
    /// Use the folder in the field.
    UseDir,
    /// Use the name in the field.
    UseName,
    /// Use the limits and the number of downloads in the fields.
    UseLimits,
    /// Listen on the port in the field from the next start on.
    UsePort,
    /// Use the fields of the first start's card, and close it.
    FinishSetup,
}

/// Field of the Settings screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsField {
    /// Download folder.
    Dir,
    /// Name of this peer.
    Name,
    /// Port to listen on.
    Port,
    /// Limit on what is sent.
    Up,
    /// Limit on what arrives.
    Down,
    /// Number of downloads that run at once.
    Active,
}

/// Step of the zoom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoom {
    /// Larger.
    In,
    /// Smaller.
    Out,
    /// Normal size.
    Reset,
}
