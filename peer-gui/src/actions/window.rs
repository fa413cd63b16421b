//! Actions that belong to no screen.

/// Action that belongs to no screen.
#[derive(Clone, Debug, PartialEq)]
pub enum WindowAction {
    /// Copy this text, and say so in these words.
    Copy(String, &'static str),
    /// Take a toast away, which was read.
    DismissToast(u64),
    /// Close the window.
    Quit,
}
