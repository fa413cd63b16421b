//! All inputs that were ever found to be interesting, and some made from them by chance.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sprat_fuzz::{READERS, chance};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The inputs of one reader, each with its name.
fn inputs(reader: &str) -> Vec<(String, Vec<u8>)> {
    let folder = corpus().join(reader);
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no input", folder.display());
    let named = |path: PathBuf| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap());
    paths.into_iter().map(named).collect()
}

#[test]
fn every_input_is_understood_as_its_name_says() {
    let mut wrong = Vec::new();
    for reader in &READERS {
        for (name, bytes) in inputs(reader.name) {
            let understood = (reader.read)(&bytes);
            let is_as_named = if name.starts_with("bad_") {
                understood.is_empty()
            } else {
                let is_named = |kind: &String| kind == reader.name || name.starts_with(kind.as_str());
                name.starts_with("found_") || understood.iter().any(is_named)
            };
            if !is_as_named {
                wrong.push(format!("{}/{name} is understood as {understood:?}", reader.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_reader_withstands_what_chance_makes_of_its_inputs() {
    let mut rng = chance::seeded();
    for reader in &READERS {
        let inputs: Vec<_> = inputs(reader.name).into_iter().map(|(_, bytes)| bytes).collect();
        chance::throw(&mut rng, &inputs, |bytes| drop((reader.read)(bytes)));
    }
}

#[test]
fn every_reader_has_its_inputs_and_its_target() {
    let names = |entries: std::fs::ReadDir| -> BTreeSet<String> {
        entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let readers: BTreeSet<_> = READERS.iter().map(|reader| reader.name.to_owned()).collect();
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("targets");
    assert_eq!(names(std::fs::read_dir(corpus()).unwrap()), readers);
    assert_eq!(names(std::fs::read_dir(&targets).unwrap()), readers);
    for reader in readers {
        let target = std::fs::read_to_string(targets.join(format!("{reader}.rs"))).unwrap();
        assert!(target.contains(&format!("run(\"{reader}\"")), "{reader} gives its inputs to another reader");
    }
}
