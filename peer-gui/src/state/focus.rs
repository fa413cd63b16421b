//! The place of the keyboard's focus.

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
