//! Values that make no sense.

/// A value that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Key of the value, such as `limits.files`.
    pub key: String,
    /// Reason, as the end of a sentence that starts with the key.
    pub reason: String,
}

impl Problem {
    pub(super) fn new(key: &str, reason: impl Into<String>) -> Self {
        Self { key: key.to_owned(), reason: reason.into() }
    }
}
