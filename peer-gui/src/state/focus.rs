//! The place of the keyboard's focus, and requests to move it.

/// Place of the keyboard's focus, as far as shortcuts depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// Text field: every key belongs to it but those that count anywhere.
    Field,
    /// Row of the list, or nothing: rows take the keys.
    #[default]
    Rows,
    /// Another widget: it takes Space, Enter and the arrows.
    Widget,
    /// Dialog or menu: nothing counts but its answer.
    Dialog,
}

/// Requests to move the focus. Each has a number, so that a view answers it once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FocusRequests(u64);

impl FocusRequests {
    /// Asks for the focus.
    pub fn ask(&mut self) {
        self.0 += 1;
    }

    /// Number of the newest request; 0 if there was none.
    pub fn newest(self) -> u64 {
        self.0
    }
}
