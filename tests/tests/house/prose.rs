//! Doc comments that cannot be understood alone, told by the word that they begin with.

/// Words that a doc comment does not begin with: what follows names no subject.
const WORDS: [&str; 11] = ["What", "Who", "Whom", "Whose", "Where", "How", "It", "They", "Whether", "When", "Why"];

/// First lines of doc comments that begin with one of [`WORDS`], each with its line number.
pub(crate) fn faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        let comment = doc_comment(line.trim_start());
        if let Some(said) = comment.filter(|_| !inside) {
            let first = said.split(|letter: char| !letter.is_alphabetic()).next().unwrap_or_default();
            if WORDS.contains(&first) {
                faults.push(format!("{}: {said}", number + 1));
            }
        }
        inside = comment.is_some();
    }
    faults
}

fn doc_comment(line: &str) -> Option<&str> {
    let said = line.strip_prefix("//!").or_else(|| line.strip_prefix("///"))?;
    (!said.starts_with('/')).then(|| said.trim_start())
}

#[cfg(test)]
mod tests {
    use super::faults;

    #[test]
    fn first_words_that_name_no_subject_are_faults() {
        assert_eq!(faults("//! What it is.\n"), ["1: What it is."]);
        assert_eq!(faults("struct A {\n    /// It.\n    a: u8,\n}\n"), ["2: It."]);
        assert_eq!(faults("/// Why's that?\nfn f() {}\n"), ["1: Why's that?"]);
    }

    #[test]
    fn later_lines_other_words_and_other_comments_are_none() {
        assert!(faults("/// Number of peers.\n/// What follows is fine.\nfn f() {}\n").is_empty());
        assert!(faults("/// Whereabouts of a peer.\n/// Items.\n").is_empty());
        assert!(faults("// What a plain comment says.\n//// How.\n").is_empty());
    }
}
