//! The mood of a state, which decides its sign and its colour.

/// The mood of a state. Each has a sign of its own, so that no state is shown by its colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing moves, as the user wants it.
    Quiet,
    /// Nothing is there.
    Absent,
    /// Something moves.
    Active,
    /// Everything is done and in order.
    Good,
    /// Something takes a while.
    Waiting,
    /// Something needs a look.
    Trouble,
}
