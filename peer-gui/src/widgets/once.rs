//! Steps that are done once, though many frames are drawn.
//!
//! Whoever asks for a step counts its requests. The number that was done last is kept in egui's memory, under an ID.

use egui::{Id, Ui};

/// Tells whether the step with this number has still to be done. Number 0 stands for no request.
pub fn is_due(ui: &Ui, id: Id, number: u64) -> bool {
    number != ui.data(|data| data.get_temp::<u64>(id)).unwrap_or(0)
}

/// Notes that the step with this number is done.
pub fn done(ui: &Ui, id: Id, number: u64) {
    ui.data_mut(|data| data.insert_temp(id, number));
}

/// Tells whether the step with this number has still to be done, and notes that it is done now.
pub fn take(ui: &Ui, id: Id, number: u64) -> bool {
    let due = is_due(ui, id, number);
    if due {
        done(ui, id, number);
    }
    due
}
