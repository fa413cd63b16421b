//! Programs that others made: where they are, and which version they are.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;

/// Path of this program: in a folder of `PATH`, of the system, in `~/peers/bin`, or where Cargo installs.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    dirs.extend(["/usr/sbin", "/usr/bin"].map(PathBuf::from));
    dirs.extend(
        std::env::home_dir().into_iter().flat_map(|home| ["peers/bin", ".cargo/bin"].map(|dir| home.join(dir))),
    );
    dirs.into_iter().map(|dir| dir.join(program)).find(|path| path.is_file())
}

/// The version that this program tells when asked so: the first word with a dot between digits, on either channel.
pub(crate) fn version(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(find(program)?).args(arguments).output().ok()?;
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    let mut words = told.split(|char: char| char.is_whitespace() || char == '/');
    let is_version = |word: &&str| word.starts_with(|char: char| char.is_ascii_digit()) && word.contains('.');
    Some(words.find(is_version).unwrap_or_default().to_owned())
}

/// A program that was found when its version was asked for.
pub(crate) fn found(program: &str) -> anyhow::Result<PathBuf> {
    find(program).with_context(|| format!("{program} is not installed"))
}
