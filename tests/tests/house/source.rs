//! Modules and imports of one file. Whatever is compiled for tests only is left out, and so are attributes.

use std::collections::BTreeSet;

use crate::tokens::{Token, tokens};

/// Path such as `crate::a::b`, where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mention {
    /// Segments of the path.
    pub(crate) path: Vec<String>,
    /// Number of inline modules around it, for `super`.
    pub(crate) inline: usize,
}

/// Name that a `use` brings into its file.
#[derive(Debug)]
pub(crate) struct Import {
    /// Path that is imported.
    pub(crate) mention: Mention,
    /// Name in this file; `*` for everything.
    pub(crate) name: String,
    /// True if others may take the name from this file.
    pub(crate) public: bool,
}

/// Module that is declared by `mod name;`.
#[derive(Debug)]
pub(crate) struct Declared {
    /// Its name.
    pub(crate) name: String,
    /// True if the module is there for tests only.
    pub(crate) test: bool,
}

/// Modules and imports of one file.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Modules in files of their own.
    pub(crate) modules: Vec<Declared>,
    /// `use` in the file, in functions too.
    pub(crate) imports: Vec<Import>,
    /// Paths outside `use`.
    pub(crate) mentions: Vec<Mention>,
    /// Words outside `use`.
    pub(crate) words: BTreeSet<String>,
}

impl Source {
    /// Reads the text of a file.
    pub(crate) fn read(text: &str) -> Self {
        let mut reader = Reader { tokens: tokens(text), at: 0, depth: 0, inline: Vec::new() };
        let mut source = Self::default();
        while reader.at < reader.tokens.len() {
            reader.step(&mut source);
        }
        source
    }
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    /// Number of open braces.
    depth: usize,
    /// For each open inline module, the number of braces around it.
    inline: Vec<usize>,
}

impl Reader {
    fn step(&mut self, source: &mut Source) {
        match self.tokens[self.at].clone() {
            Token::Mark('#') if self.is_attribute() => self.attribute(source),
            Token::Mark('{') => self.open(),
            Token::Mark('}') => self.close(),
            Token::Word(word) => match word.as_str() {
                "pub" => self.visibility(),
                "mod" => self.module(source, false),
                "use" if self.mark(1) != Some('<') => {
                    let public = self.is_public();
                    self.at += 1;
                    let mention = Mention { path: Vec::new(), inline: self.inline.len() };
                    self.import(&mention, public, source);
                }
                _ => self.mention(word, source),
            },
            _ => self.at += 1,
        }
    }

    fn open(&mut self) {
        self.depth += 1;
        self.at += 1;
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.inline.last() == Some(&self.depth) {
            self.inline.pop();
        }
        self.at += 1;
    }

    /// Skips `pub` and `pub(in crate::a)`, which names no import.
    fn visibility(&mut self) {
        self.at += 1;
        if self.mark(0) == Some('(') && matches!(self.word(1), Some("crate" | "super" | "self" | "in")) {
            self.skip_group();
        }
    }

    /// Returns true if the `use` at this place has `pub` or `pub(…)` before it.
    fn is_public(&self) -> bool {
        let before = &self.tokens[..self.at];
        match before.last() {
            Some(Token::Word(word)) => word == "pub",
            Some(Token::Mark(')')) => {
                let open = before.iter().rposition(|token| *token == Token::Mark('('));
                open.and_then(|open| before[..open].last()) == Some(&Token::Word("pub".into()))
            }
            _ => false,
        }
    }

    fn module(&mut self, source: &mut Source, test: bool) {
        let Some(name) = self.word(1).map(str::to_owned) else {
            self.at += 1;
            return;
        };
        match self.mark(2) {
            Some(';') => source.modules.push(Declared { name, test }),
            Some('{') => {
                self.inline.push(self.depth);
                self.depth += 1;
            }
            _ => {}
        }
        self.at += 3;
    }

    /// Reads one branch of a `use`, up to the comma, brace or semicolon that ends it.
    fn import(&mut self, before: &Mention, public: bool, source: &mut Source) {
        let mut path = before.path.clone();
        let mut name = None;
        loop {
            match self.tokens.get(self.at).cloned() {
                Some(Token::Word(word)) if word == "as" => {
                    name = self.word(1).map(str::to_owned);
                    self.at += 1;
                }
                Some(Token::Word(word)) if word == "self" && !path.is_empty() => {}
                Some(Token::Word(word)) if name.is_none() => path.push(word),
                Some(Token::Mark('*')) => name = Some("*".to_owned()),
                Some(Token::Mark('{')) => {
                    let mention = Mention { path, inline: before.inline };
                    return self.group(&mention, public, source);
                }
                Some(Token::Word(_) | Token::Colons) => {}
                Some(Token::Mark(_)) | None => break,
            }
            self.at += 1;
        }
        if let Some(last) = path.last() {
            let name = name.unwrap_or_else(|| last.clone());
            source.imports.push(Import { mention: Mention { path, inline: before.inline }, name, public });
        }
    }

    fn group(&mut self, before: &Mention, public: bool, source: &mut Source) {
        self.at += 1;
        while self.at < self.tokens.len() && self.mark(0) != Some('}') {
            if self.mark(0) == Some(',') {
                self.at += 1;
            } else {
                self.import(before, public, source);
            }
        }
        self.at += 1;
    }

    fn mention(&mut self, first: String, source: &mut Source) {
        source.words.insert(first.clone());
        let mut path = vec![first];
        self.at += 1;
        while self.tokens.get(self.at) == Some(&Token::Colons) {
            let Some(word) = self.word(1) else { break };
            path.push(word.to_owned());
            self.at += 2;
        }
        if path.len() > 1 {
            source.mentions.push(Mention { path, inline: self.inline.len() });
        }
    }

    fn is_attribute(&self) -> bool {
        self.mark(1) == Some('[') || (self.mark(1) == Some('!') && self.mark(2) == Some('['))
    }

    /// Skips an attribute, and what it keeps for tests.
    fn attribute(&mut self, source: &mut Source) {
        let begin = self.at;
        self.at += if self.mark(1) == Some('!') { 2 } else { 1 };
        self.skip_group();
        let mut words = self.tokens[begin..self.at].iter().filter_map(|token| match token {
            Token::Word(word) => Some(word.as_str()),
            _ => None,
        });
        let for_tests = match words.next() {
            Some("cfg") => {
                words.any(|word| word == "test") && !self.tokens[begin..self.at].contains(&Token::Word("not".into()))
            }
            Some("test") => true,
            _ => false,
        };
        if for_tests {
            self.skip_item(source);
        }
    }

    /// Skips an item, a field or a statement. Of a module only its name is kept.
    fn skip_item(&mut self, source: &mut Source) {
        while self.mark(0) == Some('#') && self.is_attribute() {
            self.at += 1;
            self.skip_group();
        }
        if self.word(0) == Some("pub") {
            self.visibility();
        }
        let first = self.word(0).unwrap_or_default().to_owned();
        if first == "mod" && self.mark(2) == Some(';') {
            return self.module(source, true);
        }
        let to_semicolon =
            matches!(first.as_str(), "use" | "let" | "const" | "static" | "type") && self.word(1) != Some("fn");
        let is_item = matches!(
            first.as_str(),
            "fn" | "async" | "const" | "impl" | "struct" | "enum" | "trait" | "mod" | "unsafe"
        );
        while self.at < self.tokens.len() {
            match self.mark(0) {
                Some('{') if !to_semicolon => return self.skip_group(),
                Some('{' | '(' | '[') => self.skip_group(),
                Some(',') if !is_item && !to_semicolon => break,
                Some(';') => break,
                Some('}' | ')' | ']') => return,
                _ => self.at += 1,
            }
        }
        self.at += 1;
    }

    /// Skips from an opening bracket past the one that closes it.
    fn skip_group(&mut self) {
        let mut depth = 0;
        while self.at < self.tokens.len() {
            match self.mark(0) {
                Some('(' | '[' | '{') => depth += 1,
                Some(')' | ']' | '}') => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    fn mark(&self, ahead: usize) -> Option<char> {
        match self.tokens.get(self.at + ahead)? {
            Token::Mark(mark) => Some(*mark),
            _ => None,
        }
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.tokens.get(self.at + ahead)? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(text: &str) -> Vec<String> {
        Source::read(text)
            .imports
            .iter()
            .map(|import| format!("{}={}", import.name, import.mention.path.join("::")))
            .collect()
    }

    fn mentions(text: &str) -> Vec<String> {
        Source::read(text).mentions.iter().map(|mention| mention.path.join("::")).collect()
    }

    #[test]
    fn groups_of_a_use_are_cut_into_paths() {
        assert_eq!(imports("use crate::a::B;"), ["B=crate::a::B"]);
        assert_eq!(
            imports("use crate::{a::{self, B as C, d::*}, e};"),
            ["a=crate::a", "C=crate::a::B", "*=crate::a::d", "e=crate::e"]
        );
        assert_eq!(imports("fn f() { use super::x; }"), ["x=super::x"]);
        assert_eq!(imports("fn f() -> impl Iterator + use<'_> {}"), [""; 0]);
    }

    #[test]
    fn public_imports_are_told_from_others() {
        let source = Source::read("pub use a::B; pub(in crate::x) use c::D; use e::F;");
        let public: Vec<bool> = source.imports.iter().map(|import| import.public).collect();
        assert_eq!(public, [true, true, false]);
        assert!(source.mentions.is_empty());
    }

    #[test]
    fn paths_in_the_code_are_mentions() {
        assert_eq!(mentions("let x: crate::a::B<'_> = super::c::d();"), ["crate::a::B", "super::c::d"]);
        assert_eq!(mentions("// crate::a::B\nlet x = \"crate::a::B\";"), [""; 0]);
    }

    #[test]
    fn tests_are_left_out() {
        assert_eq!(imports("#[cfg(test)] mod tests { use crate::a; } use crate::b;"), ["b=crate::b"]);
        assert_eq!(imports("#[cfg(test)] use crate::a::{B, C}; use crate::b;"), ["b=crate::b"]);
        assert_eq!(imports("#[cfg(not(test))] use crate::a; use crate::b;"), ["a=crate::a", "b=crate::b"]);
        assert_eq!(mentions("struct S { #[cfg(test)] a: crate::a::A, b: crate::b::B }"), ["crate::b::B"]);
        assert_eq!(mentions("#[cfg(test)] fn f<A, B>() -> [u8; 2] { crate::a() } fn g() { crate::b() }"), ["crate::b"]);
    }

    #[test]
    fn modules_in_files_are_declared_and_inline_ones_are_counted() {
        let source = Source::read("mod a; #[cfg(test)] mod b; mod c { use super::x; } use super::y;");
        let declared: Vec<(&str, bool)> =
            source.modules.iter().map(|declared| (declared.name.as_str(), declared.test)).collect();
        assert_eq!(declared, [("a", false), ("b", true)]);
        let inline: Vec<usize> = source.imports.iter().map(|import| import.mention.inline).collect();
        assert_eq!(inline, [1, 0]);
    }
}
