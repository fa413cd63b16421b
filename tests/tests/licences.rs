//! The list of licences in the window names every library that is in the program.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The systems that the window is for.
const SYSTEMS: [&str; 3] = ["x86_64-unknown-linux-gnu", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"];
/// The fonts in `epaint_default_fonts`, as far as its features are used.
const FONTS: &str = "
Fonts:
Hack: MIT and Bitstream Vera
Ubuntu-Light: Ubuntu-font-1.0
egui-icons: MIT
";
/// Command that writes the list anew.
const COMMAND: &str = "SPRAT_WRITE_LICENCES=1 cargo test -p sprat-tests --test licences";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// All packages for one system, and what needs what. `cargo metadata` may fetch what only other systems need.
fn metadata(system: &str) -> Value {
    let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", system];
    let said = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).expect("JSON")
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("an array").iter()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Returns true if a package is only needed by the compiler.
fn runs_in_the_compiler(package: &Value) -> bool {
    array(&package["targets"]).any(|target| array(&target["kind"]).any(|kind| kind == "proc-macro"))
}

/// A line for each package from elsewhere that is linked into the window's program on one system.
fn linked(system: &str) -> BTreeSet<String> {
    let metadata = metadata(system);
    let packages: HashMap<&str, &Value> =
        array(&metadata["packages"]).map(|package| (text(&package["id"]), package)).collect();
    let nodes: HashMap<&str, &Value> =
        array(&metadata["resolve"]["nodes"]).map(|node| (text(&node["id"]), node)).collect();
    let window = packages.iter().find(|(_, package)| package["name"] == "sprat-peer-gui").expect("the window");
    let (mut unseen, mut seen) = (vec![*window.0], HashSet::new());
    let mut lines = BTreeSet::new();
    while let Some(id) = unseen.pop() {
        let package = packages[id];
        if runs_in_the_compiler(package) || !seen.insert(id) {
            continue;
        }
        if package["source"].is_string() {
            let licence = package["license"].as_str().unwrap_or("see its licence file");
            lines.insert(format!("{} {}: {licence}", text(&package["name"]), text(&package["version"])));
        }
        let is_linked = |needed: &&Value| array(&needed["dep_kinds"]).any(|kind| kind["kind"].is_null());
        unseen.extend(array(&nodes[id]["deps"]).filter(is_linked).map(|needed| text(&needed["pkg"])));
    }
    lines
}

#[test]
fn the_list_names_every_library_and_its_licence() {
    let lines: BTreeSet<String> = SYSTEMS.into_iter().flat_map(linked).collect();
    let list = lines.into_iter().map(|line| line + "\n").collect::<String>() + FONTS;
    let path = root().join("peer-gui/assets/licences.txt");
    if std::env::var_os("SPRAT_WRITE_LICENCES").is_some() {
        std::fs::write(&path, &list).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept == list, "{} does not fit Cargo.lock; write it anew with\n{COMMAND}", path.display());
}
