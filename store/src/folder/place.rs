//! Places of files: a list from the network → the path of each file below the folder. Every component is cleaned, and what was
//! distinct stays distinct, also where letters of either case, or names after cleaning, are the same.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use sprat_protocol::{Collection, FileName};

/// Returns the paths that the files and the empty folders of a collection get, in its order. The same list gives the same
/// places.
pub fn places(collection: &Collection) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let mut tree = Tree { folders: vec![Level::default()] };
    let files = collection.files.iter().map(|file| tree.place(&file.path, true)).collect();
    let folders = collection.folders.iter().map(|path| tree.place(path, false)).collect();
    (files, folders)
}

struct Tree {
    /// Folders of the tree; the first is the folder itself.
    folders: Vec<Level>,
}

/// Folder of the tree.
#[derive(Default)]
struct Level {
    path: PathBuf,
    /// Folders in it, by the names that they came with.
    folders: HashMap<String, usize>,
    /// Names that are taken, folded.
    taken: HashSet<String>,
    /// Numbers that are tried next, for names that are the same once they have one: a list that has a name a hundred thousand
    /// times does not make every one of them look at all that came before.
    next: HashMap<String, u32>,
}

impl Tree {
    fn place(&mut self, path: &[String], is_file: bool) -> PathBuf {
        let mut at = 0;
        let Some((last, parents)) = path.split_last() else { return PathBuf::new() };
        for component in parents {
            at = self.enter(at, component);
        }
        if is_file {
            let name = self.folders[at].free(last);
            self.folders[at].path.join(name)
        } else {
            let at = self.enter(at, last);
            self.folders[at].path.clone()
        }
    }

    /// Returns the folder of this name in the folder `at`.
    fn enter(&mut self, at: usize, component: &str) -> usize {
        if let Some(known) = self.folders[at].folders.get(component) {
            return *known;
        }
        let name = self.folders[at].free(component);
        let path = self.folders[at].path.join(name);
        self.folders.push(Level { path, ..Level::default() });
        let new = self.folders.len() - 1;
        self.folders[at].folders.insert(component.to_owned(), new);
        new
    }
}

impl Level {
    /// Returns a harmless name like this one that nothing else here has; the name is taken from now on.
    fn free(&mut self, component: &str) -> String {
        let clean = FileName::clean_keeping_dot(component);
        if self.taken.insert(fold(clean.as_str())) {
            return clean.to_string();
        }
        let next = self.next.entry(fold(&clean.numbered(2))).or_insert(2);
        loop {
            let name = clean.numbered(*next);
            *next += 1;
            if self.taken.insert(fold(&name)) {
                return name;
            }
        }
    }
}

/// Folds a name so that two are equal where a file system takes them for one.
fn fold(name: &str) -> String {
    name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use sprat_chunking::FileId;
    use sprat_protocol::CollectionFile;

    use super::*;

    fn placed(files: &[&[&str]], folders: &[&[&str]]) -> (Vec<String>, Vec<String>) {
        let owned = |path: &[&str]| path.iter().map(ToString::to_string).collect::<Vec<_>>();
        let file = |path: &&[&str]| CollectionFile { path: owned(path), size: 1, file_id: FileId::new([0; 32]) };
        let collection = Collection {
            files: files.iter().map(file).collect(),
            folders: folders.iter().map(|path| owned(path)).collect(),
            bundles: Vec::new(),
        };
        let (files, folders) = places(&collection);
        let text = |paths: Vec<PathBuf>| paths.iter().map(|path| path.to_str().unwrap().replace('\\', "/")).collect();
        (text(files), text(folders))
    }

    #[test]
    fn ordinary_paths_stay_as_they_are() {
        let (files, folders) = placed(&[&["a"], &["b", "c", "ü.txt"], &["b", ".d"]], &[&["b", "e"], &["f"]]);
        assert_eq!(files, ["a", "b/c/ü.txt", "b/.d"]);
        assert_eq!(folders, ["b/e", "f"]);
    }

    #[test]
    fn nothing_leaves_the_folder() {
        let hostile: &[&[&str]] =
            &[&["..", "..", "x"], &["/etc", "passwd"], &["C:\\x", "y"], &[".", "a/b"], &["\\\\host\\share"], &["NUL"]];
        let (files, _) = placed(hostile, &[]);
        for path in files {
            let harmless = PathBuf::from(&path);
            let ordinary = harmless.components().all(|part| matches!(part, std::path::Component::Normal(_)));
            assert!(ordinary && !path.contains(['\\', ':']), "{path}");
        }
    }

    #[test]
    fn a_hundred_thousand_equal_names_are_no_work() {
        let long = |n: usize| format!("{}{n:05}", "x".repeat(250));
        let equal = std::iter::repeat_n("a".to_owned(), 100_000);
        let names: Vec<[String; 1]> = equal.chain((0..20_000).map(|n| long(n / 2))).map(|name| [name]).collect();
        let file = |path: &[String; 1]| CollectionFile { path: path.to_vec(), size: 1, file_id: FileId::new([0; 32]) };
        let collection = Collection { files: names.iter().map(file).collect(), ..Collection::default() };
        let start = std::time::Instant::now();
        let (files, _) = places(&collection);
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
        assert_eq!(files.into_iter().collect::<HashSet<_>>().len(), names.len());
    }

    #[test]
    fn what_was_distinct_stays_distinct() {
        let (files, folders) = placed(
            &[&["a:b"], &["a?b"], &["A_B"], &["x"], &["x", "y"], &["X", "y"], &["same"], &["same"]],
            &[&["x"], &["e."]],
        );
        assert_eq!(files, ["a_b", "a_b (2)", "A_B (3)", "x", "x (2)/y", "X (3)/y", "same", "same (2)"]);
        assert_eq!(folders, ["x (2)", "e"]);
    }
}
