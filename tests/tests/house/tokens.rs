//! Rust source, cut into the tokens that imports are made of. Comments, strings and numbers are left out.

use std::iter::Peekable;
use std::str::Chars;

/// Piece of source that can be part of an import, or delimit one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// Identifier or keyword.
    Word(String),
    /// `::`
    Colons,
    /// Any other character that is not blank.
    Mark(char),
}

/// Cuts source into tokens.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut left = text.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(first) = left.next() {
        match first {
            '/' if left.peek() == Some(&'/') => skip_line(&mut left),
            '/' if left.peek() == Some(&'*') => skip_comment(&mut left),
            '"' => skip_string(&mut left),
            '\'' => skip_char(&mut left),
            ':' if left.next_if_eq(&':').is_some() => tokens.push(Token::Colons),
            _ if first.is_ascii_digit() => drop(rest_of_word(&mut left, first)),
            _ if first.is_alphabetic() || first == '_' => {
                let word = rest_of_word(&mut left, first);
                if !skip_prefixed_string(&mut left, &word) {
                    tokens.push(Token::Word(word));
                }
            }
            _ if first.is_whitespace() => {}
            _ => tokens.push(Token::Mark(first)),
        }
    }
    tokens
}

fn rest_of_word(left: &mut Peekable<Chars<'_>>, first: char) -> String {
    let mut word = String::from(first);
    while let Some(next) = left.next_if(|next| next.is_alphanumeric() || *next == '_') {
        word.push(next);
    }
    word
}

fn skip_line(left: &mut Peekable<Chars<'_>>) {
    left.find(|next| *next == '\n');
}

fn skip_comment(left: &mut Peekable<Chars<'_>>) {
    left.next();
    let mut depth = 1;
    while depth > 0 {
        match left.next() {
            Some('/') if left.next_if_eq(&'*').is_some() => depth += 1,
            Some('*') if left.next_if_eq(&'/').is_some() => depth -= 1,
            Some(_) => {}
            None => return,
        }
    }
}

fn skip_string(left: &mut Peekable<Chars<'_>>) {
    while let Some(next) = left.next() {
        match next {
            '\\' => drop(left.next()),
            '"' => return,
            _ => {}
        }
    }
}

/// Skips `r"…"`, `br#"…"#`, `b"…"` and the like, whose prefix was read as a word. Says whether there was one.
fn skip_prefixed_string(left: &mut Peekable<Chars<'_>>, prefix: &str) -> bool {
    let raw = match prefix {
        "b" | "c" => false,
        "r" | "br" | "cr" => true,
        _ => return false,
    };
    if !raw {
        let is_string = left.next_if_eq(&'"').is_some();
        if is_string {
            skip_string(left);
        }
        return is_string;
    }
    let mut hashes = 0;
    while left.next_if_eq(&'#').is_some() {
        hashes += 1;
    }
    if left.next_if_eq(&'"').is_none() {
        // `r#word`, whose word comes next. Its `r` goes.
        return hashes > 0;
    }
    let mut seen = None;
    for next in left.by_ref() {
        seen = match (next, seen) {
            ('"', _) => Some(0),
            ('#', Some(seen)) => Some(seen + 1),
            _ => None,
        };
        if seen == Some(hashes) {
            break;
        }
    }
    true
}

/// Skips a character such as `'{'`, and the quote of a lifetime.
fn skip_char(left: &mut Peekable<Chars<'_>>) {
    let mut ahead = left.clone();
    match (ahead.next(), ahead.next()) {
        (Some('\\'), _) => {
            left.next();
            left.next();
            left.find(|next| *next == '\'');
        }
        (Some(_), Some('\'')) => drop((left.next(), left.next())),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text)
            .into_iter()
            .filter_map(|token| match token {
                Token::Word(word) => Some(word),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn comments_and_literals_are_left_out() {
        assert_eq!(words("a /* b /* c */ d */ e // f\n g"), ["a", "e", "g"]);
        assert_eq!(words(r#"a "b \" c" d"#), ["a", "d"]);
        assert_eq!(words("a r#\"b \" c\"# d b\"e\" br##\"f\"# g\"## h"), ["a", "d", "h"]);
        assert_eq!(words(r"a '{' '\'' '\u{1F41F}' 0x1f 1_u8 b"), ["a", "b"]);
    }

    #[test]
    fn lifetimes_and_raw_words_are_no_literals() {
        assert_eq!(words("fn f<'a>(x: &'a str) {}"), ["fn", "f", "a", "x", "a", "str"]);
        assert_eq!(words("r#type"), ["type"]);
    }

    #[test]
    fn marks_and_colons_are_kept() {
        let colons_and_marks: Vec<Token> =
            tokens("a::b: {'}'}").into_iter().filter(|token| !matches!(token, Token::Word(_))).collect();
        assert_eq!(colons_and_marks, [Token::Colons, Token::Mark(':'), Token::Mark('{'), Token::Mark('}')]);
    }
}
