//! The order of the house: files of a crate import each other in no circle, rooms import only what lies below them, and
//! doc comments can be understood alone. ARCHITECTURE.md has the rooms, under "Rooms".

mod graph;
mod plan;
mod prose;
mod source;
mod tokens;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::graph::Crate;
use crate::plan::Plan;

/// Crates whose rooms are not drawn yet. A crate that has a row must not be here.
const NO_ROOMS_YET: &[&str] = &[];

/// Crates with doc comments that cannot be understood alone. One without such comments must not be here.
const NO_PROSE_YET: &[&str] = &[];

#[test]
fn rooms_import_only_rooms_below_and_no_files_in_a_circle() {
    let plan = Plan::read(&text(&root().join("ARCHITECTURE.md")));
    let manifest = text(&root().join("Cargo.toml"));
    let members = plan::members(&manifest);
    let mut faults = plan.faults(&members, NO_ROOMS_YET);
    for member in members {
        let Some(row) = plan.row(&member) else { continue };
        let folder = root().join(&member);
        faults.extend(plan.dependency_faults(&member, &text(&folder.join("Cargo.toml"))));
        let rooms = Crate::of(&sources(&folder.join("src")));
        faults.extend(rooms.faults(row).into_iter().map(|fault| format!("{member}: {fault}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn doc_comments_name_their_subject() {
    let members = plan::members(&text(&root().join("Cargo.toml")));
    let mut faults = Vec::new();
    for member in members {
        let found: Vec<String> = sources(&root().join(&member))
            .iter()
            .flat_map(|(file, text)| prose::faults(text).into_iter().map(move |fault| format!("{file}:{fault}")))
            .map(|fault| format!("{member}/{fault}"))
            .collect();
        match NO_PROSE_YET.contains(&member.as_str()) {
            true if found.is_empty() => faults.push(format!("{member} is mended: take it out of NO_PROSE_YET")),
            true => {}
            false => faults.extend(found),
        }
    }
    assert!(faults.is_empty(), "{} doc comments begin so:\n{}", faults.len(), faults.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file below a folder: its path from there, with slashes on every system, and its text.
fn sources(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name in Unicode").to_owned();
            // A crate that is built by itself has its target folder here.
            if path.is_dir() && name != "target" {
                folders.push((path, format!("{prefix}{name}/")));
            } else if name.ends_with(".rs") {
                found.insert(format!("{prefix}{name}"), text(&path));
            }
        }
    }
    found
}
