//! The desktop of the system on which the window runs.

use std::io;
use std::path::PathBuf;

use super::desktop::Desktop;
use super::notifications::Notifications;
use super::pending::Pending;
use super::{dialogs, file_manager};
use crate::model::messages::Picked;

/// The desktop of the system on which the window runs. Its work is done on threads of the runtime that awaits it.
#[derive(Clone, Debug, Default)]
pub struct System {
    notifications: Notifications,
}

impl Desktop for System {
    fn pick_file(&self) -> Pending<Picked> {
        dialogs::pick_file()
    }

    fn pick_folder(&self) -> Pending<Picked> {
        dialogs::pick_folder()
    }

    fn save_file(&self, suggested: &str) -> Pending<Picked> {
        dialogs::save_file(suggested)
    }

    fn open(&self, path: PathBuf) -> Pending<io::Result<()>> {
        file_manager::open(path)
    }

    fn reveal(&self, file: PathBuf) -> Pending<io::Result<()>> {
        file_manager::reveal(file)
    }

    fn notify(&self, title: &str, body: &str) -> Pending<io::Result<()>> {
        self.notifications.show(title, body)
    }
}
