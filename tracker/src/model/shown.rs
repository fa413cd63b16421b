//! Strangers' text in sentences for people.

/// Takes as much of what a stranger sent as fits into a sentence.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}
