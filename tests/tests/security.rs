//! SECURITY.md is true: every test that it names exists, and it knows of every `unsafe`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn page() -> String {
    fs::read_to_string(root().join("SECURITY.md")).unwrap()
}

/// Texts that stand between backquotes.
fn quoted(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2)
}

/// All that a workspace member is made of.
fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn members() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.join("Cargo.toml").is_file() {
            found.push(path);
        }
    }
    assert!(found.len() > 5, "{found:?}");
    found
}

/// The names of the tests in a file: each follows an attribute that makes it one, or is a property of `proptest!`.
fn tests_in(text: &str) -> BTreeSet<&str> {
    let mut tests = BTreeSet::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        let name =
            line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ").and_then(|rest| rest.split('(').next());
        if line == "#[test]" || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(name) = name {
            if is_test {
                tests.insert(name);
            }
            is_test = false;
        }
    }
    tests
}

#[test]
fn every_test_that_is_named_exists() {
    let page = page();
    let is_there =
        |file: &str, test| fs::read_to_string(root().join(file)).is_ok_and(|text| tests_in(&text).contains(test));
    let named: Vec<_> = quoted(&page).filter_map(|text| text.split_once("::")).collect();
    let missing: Vec<_> = named.iter().filter(|(file, test)| !is_there(file, test)).collect();
    assert!(missing.is_empty(), "SECURITY.md names tests that are not there: {missing:#?}");
}

#[test]
fn every_claim_is_shown_by_a_test_or_says_that_it_is_not() {
    let page = page();
    let claims: Vec<_> =
        page.lines().filter(|line| line.starts_with("| can") || line.starts_with("| cannot")).collect();
    let bare: Vec<_> = claims.iter().filter(|claim| !claim.contains("::") && !claim.ends_with("| no test |")).collect();
    assert!(claims.len() > 30 && bare.is_empty(), "{} claims, of which these have no test: {bare:#?}", claims.len());
}

#[test]
fn every_unsafe_is_justified_and_none_can_come_unseen() {
    let mut blocks = BTreeMap::new();
    for member in members() {
        let manifest = fs::read_to_string(member.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} has lints of its own", member.display());
        let mut files = Vec::new();
        sources(&member, &mut files);
        for file in files {
            let name = file.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            // These words are here too.
            if name == "tests/tests/security.rs" {
                continue;
            }
            let text = fs::read_to_string(&file).unwrap();
            let count = |word| text.matches(word).count();
            let uses = count("unsafe {") + count("unsafe fn") + count("unsafe impl") + count("unsafe extern");
            assert_eq!((count("unsafe_code"), count("// SAFETY: ")), (uses, uses), "{name}");
            if uses > 0 {
                blocks.insert(name, uses);
            }
        }
    }
    let page = page();
    for (file, count) in &blocks {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{file}` | {count} |")));
        assert!(row.is_some(), "SECURITY.md does not justify the {count} unsafe blocks in {file}");
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("\nunsafe_code = \"deny\"\n"), "the compiler counts along");
    assert_eq!(blocks.values().sum::<usize>(), 5);
}
