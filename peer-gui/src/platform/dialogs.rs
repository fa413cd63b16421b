//! File dialogs.

use std::time::{Duration, Instant};

use super::pending::Pending;
use crate::model::messages::Picked;

/// Time in which nobody can close a dialog. A dialog that says "nothing" faster was never on the screen.
const NOBODY_IS_FASTER: Duration = Duration::from_millis(400);

pub(super) fn pick_file() -> Pending<Picked> {
    picked(|| Box::pin(rfd::AsyncFileDialog::new().pick_file()))
}

pub(super) fn pick_folder() -> Pending<Picked> {
    picked(|| Box::pin(rfd::AsyncFileDialog::new().pick_folder()))
}

pub(super) fn save_file(suggested: &str) -> Pending<Picked> {
    let dialog = rfd::AsyncFileDialog::new().set_file_name(suggested);
    picked(|| Box::pin(dialog.save_file()))
}

fn picked(dialog: impl FnOnce() -> Pending<Option<rfd::FileHandle>> + Send + 'static) -> Pending<Picked> {
    Box::pin(async move {
        let asked = Instant::now();
        match dialog().await {
            Some(file) => Picked::Path(file.path().to_owned()),
            None => nothing_after(asked.elapsed()),
        }
    })
}

fn nothing_after(elapsed: Duration) -> Picked {
    if elapsed < NOBODY_IS_FASTER { Picked::Unavailable } else { Picked::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_that_was_never_shown_is_told_from_one_that_was_closed() {
        assert_eq!(nothing_after(Duration::from_millis(20)), Picked::Unavailable);
        assert_eq!(nothing_after(Duration::from_secs(2)), Picked::Nothing);
    }
}
