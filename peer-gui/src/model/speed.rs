//! The rates of a transfer at one moment.

/// The time that the samples of a transfer cover, in seconds.
pub const SPAN: f64 = 120.0;

/// The rates of a transfer at one moment, in bytes a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The moment, in seconds on the window's clock.
    pub at: f64,
    /// Rate at which bytes arrived.
    pub down: u64,
    /// Rate at which bytes were sent.
    pub up: u64,
}
