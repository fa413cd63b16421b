//! Names that lead elsewhere, and links that do.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::ensure;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sprat_api::Event;
use sprat_chunking::FileId;
use sprat_protocol::collection::Bundle;
use sprat_protocol::{Collection, CollectionFile};
use sprat_tests::files::{independent_id, noise};
use sprat_tests::swarm::{Peer, only_peer};
use unicode_normalization::UnicodeNormalization;

use super::row::{Measured, Row, Trial};
use super::world::{engines, tree};

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 12,
        fault: "10,000 hostile names: `..`, absolute, drive, UNC, NUL, CON, case and NFC collisions, > 255 B, bidi",
        must: "nothing outside the folder; nothing overwritten; distinct files stay distinct",
        run: |trial| engines(hostile_names(trial)),
    },
    Row {
        number: 13,
        fault: "folders swapped for symbolic links while a folder is downloaded, 10,000 tries",
        must: "nothing is ever written through a link",
        run: |trial| engines(swapped_links(trial)),
    },
];

/// Pieces that a name is made of.
const PIECES: &[&str] = &[
    "..",
    ".",
    "...",
    "/",
    "//",
    "\\",
    "\\\\host\\share",
    "C:",
    "C:\\",
    "/etc/passwd",
    "a",
    "A",
    "b",
    "~",
    "CON",
    "con.txt",
    "NUL",
    "COM1",
    "LPT9.a.b",
    "AUX",
    " ",
    "  ",
    ".hidden",
    "x.",
    "x ",
    "\0",
    "\n",
    "\u{1b}[2J",
    "\u{202e}gpj.exe",
    "\u{200b}",
    "\u{feff}",
    "é",
    "e\u{301}",
    "Å",
    "A\u{30a}",
    "\u{212b}",
    "ß",
    "SS",
    "ǅ",
    "İ",
    "i\u{307}",
    "ﬁ",
    "日本",
    "📄",
    ":",
    "*",
    "?",
    "<",
    ">",
    "|",
    "\"",
    "files",
    "progress",
    "parts",
    ".part",
    "$MFT",
    "%2e%2e%2f",
    "-rf",
    "name (2)",
];

fn hostile_name(rng: &mut SmallRng) -> String {
    let pick = |rng: &mut SmallRng| *PIECES.choose(rng).expect("there are some");
    match rng.random_range(0..10) {
        // As it is, so that many are the same.
        0..5 => pick(rng).to_owned(),
        5..8 => [pick(rng), pick(rng)].concat(),
        8 => format!("{}{}", pick(rng), "é".repeat(rng.random_range(100..400))),
        _ => (0..rng.random_range(1..30)).map(|_| rng.random::<char>()).collect(),
    }
}

/// A list of so many files with such names, whose content is their number; and the bundle that has them all.
fn hostile_list(count: usize, rng: &mut SmallRng, dir: &Path) -> anyhow::Result<(Collection, Vec<u8>)> {
    let (mut files, mut bundle) = (Vec::new(), Vec::new());
    let scratch = dir.join("scratch");
    for number in 0..count {
        let depth = *[1, 1, 2, 3].choose(rng).expect("there are some");
        let path = (0..depth).map(|_| Some(hostile_name(rng)).filter(|name| !name.is_empty()));
        let path = path.map(|name| name.unwrap_or_else(|| "..".to_owned())).collect();
        let content = format!("{number:06}");
        fs::write(&scratch, &content)?;
        let file_id: FileId = independent_id(&scratch).parse()?;
        files.push(CollectionFile { path, size: content.len() as u64, file_id });
        bundle.extend_from_slice(content.as_bytes());
    }
    fs::write(&scratch, &bundle)?;
    let bundles = vec![Bundle { file_id: independent_id(&scratch).parse()?, files: count as u32 }];
    fs::remove_file(&scratch)?;
    Ok((Collection { files, bundles, folders: vec![vec!["..".to_owned(), "empty".to_owned()]] }, bundle))
}

async fn hostile_names(trial: &Trial) -> anyhow::Result<Measured> {
    let count = trial.of(1_000, 10_000);
    let mut seeder = Peer::start(None, |_| {}).await;
    let (list, bundle) = hostile_list(count, &mut trial.rng(), seeder.dir.path())?;
    seeder.share_bytes("bundle", &bundle).await;
    let link = only_peer(&seeder.share_bytes("hostile", &list.to_bytes()?).await);
    let mut downloader = Peer::start(None, |_| {}).await;
    // Things of the user's own, beside and above, by the names that are aimed at.
    let mine: BTreeMap<_, _> = ["evil", "passwd", "name", "a", "A", "downloads/a", "downloads/b", "downloads/CON"]
        .map(|name| (downloader.dir.path().join(name), name))
        .into();
    fs::create_dir_all(downloader.downloads())?;
    for (path, name) in &mine {
        fs::write(path, name)?;
    }
    downloader.fetch(link.clone()).await;
    let root = downloader.completed(&link).await;
    let found = tree(&root)?;
    let contents: HashSet<&Vec<u8>> = found.values().collect();
    ensure!(contents.len() == count, "{} different files of {count} are there", contents.len());
    // Where neither case nor the form of an accent makes a difference.
    let folded: HashSet<String> = found
        .keys()
        .map(|path| path.to_string_lossy().nfc().collect::<String>().to_lowercase().nfc().collect())
        .collect();
    let collide = count - folded.len();
    let longest = found.keys().flat_map(|path| path.iter()).map(std::ffi::OsStr::len).max().unwrap_or(0);
    let root_name = root.strip_prefix(downloader.dir.path())?.to_owned();
    let state = Path::new("state");
    let outside: Vec<_> = tree(downloader.dir.path())?
        .into_keys()
        .filter(|path| !path.starts_with(&root_name) && !path.starts_with(state))
        .filter(|path| !mine.contains_key(&downloader.dir.path().join(path)))
        .collect();
    ensure!(outside.is_empty(), "outside of the folder there are {outside:?}");
    for (path, name) in &mine {
        ensure!(fs::read(path)? == name.as_bytes(), "{} was overwritten", path.display());
    }
    let told = format!(
        "{count} names: all files there, with their own content; 0 outside, 0 overwritten; {collide} the same but for case or accents; longest name {longest} B"
    );
    Ok(Measured::Held(told, collide == 0 && longest <= 255))
}

const FOLDERS: usize = 40;

async fn swapped_links(trial: &Trial) -> anyhow::Result<Measured> {
    let tries = trial.of(500, 10_000);
    let mut seeder = Peer::start(None, |_| {}).await;
    let source = seeder.dir.path().join("folder");
    for n in 0..FOLDERS {
        fs::create_dir_all(source.join(format!("d{n}")))?;
        // One that travels alone, and some that come in a bundle.
        fs::write(source.join(format!("d{n}/large")), noise(200_000, trial.seed + n as u64))?;
        for small in 0..5 {
            fs::write(source.join(format!("d{n}/small{small}")), noise(1000, trial.seed + (n * 5 + small) as u64))?;
        }
    }
    let link = only_peer(&seeder.share(&source).await);
    let outside = tempfile::tempdir()?;
    let (mut swaps, mut written, mut rounds, mut complete) = (0, 0, 0, 0);
    while swaps < tries {
        let mut downloader = Peer::start(None, |_| {}).await;
        let over = Arc::new(AtomicBool::new(false));
        let swapping = tokio::task::spawn_blocking({
            let downloads = downloader.downloads();
            let (outside, over, seed) = (outside.path().to_owned(), over.clone(), trial.seed + rounds);
            move || swap(&downloads, &outside, seed, &over)
        });
        downloader.fetch(link.clone()).await;
        // It may well stop, since its folders go and come.
        let end = downloader.event(|event| match event {
            Event::Completed { .. } => Some(true),
            Event::Stopped { .. } => Some(false),
            _ => None,
        });
        complete += u32::from(end.await);
        over.store(true, Ordering::Relaxed);
        swaps += swapping.await?;
        rounds += 1;
        downloader.stop().await;
        for entry in fs::read_dir(outside.path())? {
            written += 1;
            let path = entry?.path();
            if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
        }
    }
    let told = format!(
        "{swaps} swaps in {rounds} downloads ({complete} complete all the same): {written} files or folders made outside, through a link"
    );
    Ok(Measured::Held(told, written == 0))
}

/// Puts links to `outside` where folders of the download are or will be, some at a time; gives how often.
#[cfg(unix)]
fn swap(downloads: &Path, outside: &Path, seed: u64, over: &AtomicBool) -> u32 {
    let mut rng = SmallRng::seed_from_u64(seed);
    let work = downloads.join("folder.part");
    let mut swaps = 0;
    while !over.load(Ordering::Relaxed) {
        let paths = match rng.random_range(0..20) {
            0 => vec![work.clone()],
            1 => vec![work.join("parts")],
            2 => vec![work.join("files")],
            _ => (0..rng.random_range(1..FOLDERS)).map(|n| work.join(format!("files/d{n}"))).collect(),
        };
        let mut swapped = Vec::new();
        for (n, path) in paths.into_iter().enumerate() {
            let aside = downloads.join(format!("aside{n}"));
            let was_there = fs::rename(&path, &aside).is_ok();
            if std::os::unix::fs::symlink(outside, &path).is_ok() {
                swaps += 1;
            }
            swapped.push((path, was_there.then_some(aside)));
        }
        std::thread::sleep(std::time::Duration::from_micros(rng.random_range(0..300)));
        for (path, aside) in swapped.into_iter().rev() {
            // Only a link is deleted so.
            let _ = fs::remove_file(&path);
            if let Some(aside) = aside {
                let _ = fs::rename(aside, &path);
            }
        }
    }
    swaps
}

#[cfg(not(unix))]
fn swap(_: &Path, _: &Path, _: u64, _: &AtomicBool) -> u32 {
    0
}
