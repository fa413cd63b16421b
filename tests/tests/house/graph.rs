//! Files of one crate, and which of them imports which.
//!
//! A declaration `mod x;` is no import. A child that uses its parent imports it, and a parent that uses its child imports
//! that, so both together are a circle. A name that is taken from where it is only handed on (by a `use`) is an import of the
//! file that it comes from. Handing on what lies below in the same module is no import, as long as the file itself
//! does not use the name.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::Row;
use crate::source::{Import, Mention, Source};

/// Number of names that may be handed on one after another.
const MAX_HANDED_ON: usize = 8;

/// Files of one crate, as far as they are compiled outside tests.
pub(crate) struct Crate {
    files: Vec<File>,
    /// Files that no other file declares.
    lost: Vec<String>,
}

struct File {
    /// Path from `src`.
    path: String,
    /// Names of the modules around its contents, from the root on.
    module: Vec<String>,
    /// Root that it was reached from: a crate can have a library and programs.
    root: usize,
    source: Source,
}

impl Crate {
    /// Reads a crate from the texts of its files, by their paths from `src`.
    pub(crate) fn of(texts: &BTreeMap<String, String>) -> Self {
        let mut house = Self { files: Vec::new(), lost: Vec::new() };
        let mut seen = BTreeSet::new();
        let roots = texts.keys().filter(|path| *path == "lib.rs" || *path == "main.rs" || path.starts_with("bin/"));
        for root in roots {
            house.enter(texts, root, Vec::new(), house.files.len(), &mut seen);
        }
        house.lost = texts.keys().filter(|path| !seen.contains(*path)).cloned().collect();
        house
    }

    fn enter(
        &mut self,
        texts: &BTreeMap<String, String>,
        path: &str,
        module: Vec<String>,
        root: usize,
        seen: &mut BTreeSet<String>,
    ) {
        seen.insert(path.to_owned());
        let source = Source::read(&texts[path]);
        let folder = match path.rsplit_once('/') {
            _ if module.is_empty() => String::new(),
            Some((folder, "mod.rs")) => format!("{folder}/"),
            _ => format!("{}/", path.trim_end_matches(".rs")),
        };
        let mut children = Vec::new();
        for declared in &source.modules {
            let places = ["", "/mod"].map(|end| format!("{folder}{}{end}.rs", declared.name));
            let Some(place) = places.into_iter().find(|place| texts.contains_key(place)) else { continue };
            if declared.test {
                let below = format!("{}/", place.trim_end_matches("/mod.rs").trim_end_matches(".rs"));
                seen.extend(texts.keys().filter(|path| path.starts_with(&below)).cloned());
                seen.insert(place);
            } else {
                children.push((place, [&module[..], std::slice::from_ref(&declared.name)].concat()));
            }
        }
        self.files.push(File { path: path.to_owned(), module, root, source });
        for (place, module) in children {
            self.enter(texts, &place, module, root, seen);
        }
    }

    /// Rooms that are not in the row, imports that run upwards or sideways, and circles of files.
    pub(crate) fn faults(&self, row: &Row) -> Vec<String> {
        let mut faults: Vec<String> = self.lost.iter().map(|path| format!("{path} is in no module")).collect();
        let imports = self.imports();
        if row.is_ordered() {
            faults.extend(self.room_faults(row));
            faults.extend(self.arrow_faults(row, &imports));
        }
        faults.extend(self.circles(&imports));
        faults
    }

    fn room_faults(&self, row: &Row) -> Vec<String> {
        let there: BTreeSet<&String> = self.files.iter().filter_map(|file| file.module.first()).collect();
        let drawn: BTreeSet<&String> = row.rooms().collect();
        let mut faults: Vec<String> =
            there.difference(&drawn).map(|room| format!("room {room} is not in the table")).collect();
        faults.extend(drawn.difference(&there).map(|room| format!("room {room} is in the table and not in src")));
        faults
    }

    fn arrow_faults(&self, row: &Row, imports: &[BTreeSet<usize>]) -> Vec<String> {
        let mut faults = Vec::new();
        for (from, imported) in imports.iter().enumerate() {
            let Some(room) = self.files[from].module.first() else { continue };
            for &to in imported {
                let arrow = format!("{} imports {}", self.files[from].path, self.files[to].path);
                match self.files[to].module.first() {
                    None => faults.push(format!("{arrow}, which is above every room")),
                    Some(other) if !row.may_import(room, other) => {
                        faults.push(format!("{arrow}: {other} is not below {room}"));
                    }
                    Some(_) => {}
                }
            }
        }
        faults
    }

    /// Groups of files of which each reaches each.
    fn circles(&self, imports: &[BTreeSet<usize>]) -> Vec<String> {
        let reached: Vec<BTreeSet<usize>> = (0..imports.len()).map(|from| reachable(imports, from)).collect();
        let mut faults = Vec::new();
        let mut told = BTreeSet::new();
        for file in 0..imports.len() {
            let circle: Vec<usize> =
                reached[file].iter().copied().filter(|other| reached[*other].contains(&file)).collect();
            if circle.len() > 1 && told.insert(circle.clone()) {
                let paths: Vec<&str> = circle.iter().map(|file| self.files[*file].path.as_str()).collect();
                faults.push(format!("{} import each other in a circle", paths.join(", ")));
            }
        }
        faults
    }

    /// For each file, the files that it imports.
    fn imports(&self) -> Vec<BTreeSet<usize>> {
        (0..self.files.len()).map(|from| self.imported_by(from)).collect()
    }

    fn imported_by(&self, from: usize) -> BTreeSet<usize> {
        let source = &self.files[from].source;
        let used = source.imports.iter().filter_map(|import| {
            let to = self.resolve(from, &import.mention, 0)?;
            (!self.is_handed_on(from, import, to)).then_some(to)
        });
        let mentioned = source.mentions.iter().filter_map(|mention| self.resolve(from, mention, 0));
        used.chain(mentioned).filter(|to| *to != from).collect()
    }

    /// Returns true if a file only hands a name on that comes from below it in the same module.
    fn is_handed_on(&self, from: usize, import: &Import, to: usize) -> bool {
        let file = &self.files[from];
        import.public && self.files[to].module.starts_with(&file.module) && !file.source.words.contains(&import.name)
    }

    /// File that a path leads to; none where it leads out of the crate.
    fn resolve(&self, from: usize, mention: &Mention, handed_on: usize) -> Option<usize> {
        let file = &self.files[from];
        let first = mention.path.first()?.as_str();
        let rest = &mention.path[1..];
        match first {
            "crate" => self.walk(file.root, rest, handed_on),
            "self" => self.walk(from, rest, handed_on),
            "super" => {
                let ups = mention.path.iter().take_while(|segment| *segment == "super").count();
                let up = ups.saturating_sub(mention.inline);
                let module = &file.module[..file.module.len().checked_sub(up)?];
                self.walk(self.find(file.root, module)?, &mention.path[ups..], handed_on)
            }
            _ if self.child(from, first).is_some() => self.walk(from, &mention.path, handed_on),
            _ => {
                let import = file.source.imports.iter().find(|import| import.name == first && import.name != "*")?;
                // `use a;` names another crate, unless `a` is a module here.
                if handed_on == MAX_HANDED_ON || import.mention.path == [first] {
                    return None;
                }
                let begin = self.resolve(from, &import.mention, handed_on + 1)?;
                let is_module = self.files[begin].module.last() == import.mention.path.last();
                if is_module { self.walk(begin, rest, handed_on) } else { Some(begin) }
            }
        }
    }

    /// Follows a path down from a file through modules, and to wherever names are handed on from.
    fn walk(&self, from: usize, path: &[String], handed_on: usize) -> Option<usize> {
        let Some((first, rest)) = path.split_first() else { return Some(from) };
        if let Some(child) = self.child(from, first) {
            return self.walk(child, rest, handed_on);
        }
        let handed = self.files[from].source.imports.iter().find(|import| import.name == *first);
        match handed {
            Some(import) if handed_on < MAX_HANDED_ON => self.resolve(from, &import.mention, handed_on + 1),
            _ => Some(from),
        }
    }

    fn child(&self, from: usize, name: &str) -> Option<usize> {
        let file = &self.files[from];
        self.find(file.root, &[&file.module[..], &[name.to_owned()]].concat())
    }

    fn find(&self, root: usize, module: &[String]) -> Option<usize> {
        self.files.iter().position(|file| file.root == root && file.module == module)
    }
}

/// Every file that one leads to, itself included.
fn reachable(imports: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::from([from]);
    let mut left = vec![from];
    while let Some(file) = left.pop() {
        left.extend(imports[file].iter().copied().filter(|next| reached.insert(*next)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rooms: &str, files: &[(&str, &str)]) -> Vec<String> {
        let texts = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Crate::of(&texts).faults(&Row::read(&format!("| `a` | | {rooms} |")))
    }

    #[test]
    fn imports_that_run_down_are_no_fault() {
        let files = [
            ("lib.rs", "mod high; mod low; pub use low::Thing;"),
            ("high.rs", "mod part; use crate::Thing; use part::Part;"),
            ("high/part.rs", "use crate::low;"),
            ("low.rs", "#[cfg(test)] mod tests { use crate::high::Part; }"),
        ];
        assert!(faults("high > low", &files).is_empty());
    }

    #[test]
    fn files_that_import_each_other_are_a_circle() {
        let files =
            [("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::{self, B};"), ("b.rs", "fn f(a: super::a::A) {}")];
        assert_eq!(faults("any", &files), ["a.rs, b.rs import each other in a circle"]);
    }

    #[test]
    fn parent_and_child_that_use_each_other_are_a_circle() {
        let child = ("a/part.rs", "use super::Whole;");
        let files = |parent| [("lib.rs", "mod a;"), ("a.rs", parent), child];
        assert_eq!(
            faults("a", &files("mod part; struct Whole(part::Part);")),
            ["a.rs, a/part.rs import each other in a circle"]
        );
        assert_eq!(
            faults("a", &files("mod part; pub use part::Part; struct Whole(Part);")),
            ["a.rs, a/part.rs import each other in a circle"]
        );
        assert!(faults("a", &files("mod part; pub use part::Part; struct Whole;")).is_empty());
    }

    #[test]
    fn names_are_followed_to_where_they_come_from() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod one; mod two; pub(crate) use one::One;"),
            ("a/one.rs", "use super::two::Two;"),
            ("a/two.rs", "use crate::b;\nfn f() { b::deep::f() }"),
            ("b.rs", "pub(crate) mod deep;"),
            ("b/deep.rs", "use crate::a::One;"),
        ];
        assert_eq!(faults("any", &files), ["a/one.rs, a/two.rs, b/deep.rs import each other in a circle"]);
    }

    #[test]
    fn arrows_that_do_not_run_down_are_faults() {
        let files = |low| [("lib.rs", "mod high; mod low; fn own() {}"), ("high.rs", ""), ("low.rs", low)];
        assert_eq!(
            faults("high > low", &files("use crate::high::A;")),
            ["low.rs imports high.rs: high is not below low"]
        );
        assert_eq!(
            faults("high, low", &files("use crate::high::A;")),
            ["low.rs imports high.rs: high is not below low"]
        );
        assert_eq!(
            faults("high > low", &files("fn f() { crate::own() }")),
            ["low.rs imports lib.rs, which is above every room"]
        );
    }

    #[test]
    fn rooms_and_the_table_agree() {
        let files = [("main.rs", "mod a; mod b;"), ("a.rs", ""), ("b/mod.rs", ""), ("c.rs", "")];
        assert_eq!(
            faults("a > d", &files),
            ["c.rs is in no module", "room b is not in the table", "room d is in the table and not in src"]
        );
    }

    #[test]
    fn files_of_tests_are_neither_lost_nor_read() {
        let files = [
            ("lib.rs", "mod a; #[cfg(test)] mod checks;"),
            ("a.rs", ""),
            ("checks.rs", "mod more; use crate::b;"),
            ("checks/more.rs", ""),
        ];
        assert!(faults("a", &files).is_empty());
    }
}
