//! The actions of a person, by screen.

use super::adding::AddAction;
use super::browse::BrowseAction;
use super::dialogs::DialogAction;
use super::list::ListAction;
use super::settings::SettingsAction;
use super::share::ShareAction;
use super::trackers::TrackerAction;
use super::transfers::TransferAction;
use super::window::WindowAction;
use crate::model::screen::Screen;

/// Action of a person. Each screen has an enum of its own, which `update` matches without a wildcard.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Go to a screen.
    Show(Screen),
    /// Do the action of this entry of [`BINDINGS`](super::bindings::BINDINGS).
    Run(usize),
    /// Add a download by its ID or link.
    Add(AddAction),
    /// Change the list of transfers, or the pane below it.
    List(ListAction),
    /// Do something with the selected transfers.
    Transfers(TransferAction),
    /// Search the trackers.
    Browse(BrowseAction),
    /// Share files and folders.
    Share(ShareAction),
    /// Change a setting.
    Settings(SettingsAction),
    /// Change or ask the trackers.
    Trackers(TrackerAction),
    /// Open or answer a dialog.
    Dialog(DialogAction),
    /// Do something that belongs to no screen.
    Window(WindowAction),
}
