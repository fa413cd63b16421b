//! Links with their scheme, by which a link from elsewhere is told from one that was typed.

/// The beginning of every link.
pub const SCHEME: &str = "sprat:";

/// Tells whether a text begins with [`SCHEME`], in any case of its letters.
pub fn has_scheme(argument: &str) -> bool {
    argument.get(..SCHEME.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME))
}
