//! The preferences' file. All functions block, and are for threads that may.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sprat_store::disk::atomic::replace;

use crate::model::preferences::Preferences;
use crate::words;

/// Path of the preferences in a state directory.
pub fn preferences_path(state_dir: &Path) -> PathBuf {
    state_dir.join("preferences.json")
}

/// Reads the preferences; without a file they are the defaults. A file that makes no sense is set aside, and the second
/// value is a sentence about that.
pub fn load(state_dir: &Path) -> (Preferences, Option<String>) {
    let path = preferences_path(state_dir);
    let read = fs::read(&path).and_then(|text| {
        Preferences::from_json(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    });
    match read {
        Ok(preferences) => (preferences, None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (Preferences::default(), None),
        Err(error) => {
            // One that cannot be read right now may be in order.
            if error.kind() == io::ErrorKind::InvalidData {
                let _ = fs::rename(&path, path.with_extension("json.damaged"));
            }
            (Preferences::default(), Some(words::preferences_damaged(&error.to_string())))
        }
    }
}

/// Writes the preferences, so that after a crash the old or the new ones are there.
///
/// # Errors
/// Those of the system.
pub fn save(state_dir: &Path, preferences: &Preferences) -> io::Result<()> {
    fs::create_dir_all(state_dir)?;
    replace(&preferences_path(state_dir), preferences.to_json().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preferences::ThemeChoice;

    #[test]
    fn preferences_come_back_and_damaged_ones_are_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let state_dir = dir.path().join("state");
        assert_eq!(load(&state_dir), (Preferences::default(), None));
        let dark = Preferences { theme: ThemeChoice::Dark, ..Preferences::default() };
        save(&state_dir, &dark).unwrap();
        assert_eq!(load(&state_dir), (dark, None));
        fs::write(preferences_path(&state_dir), "[").unwrap();
        let (defaults, said) = load(&state_dir);
        assert_eq!(defaults, Preferences::default());
        assert!(said.unwrap().starts_with("The settings could not be read"));
        assert!(state_dir.join("preferences.json.damaged").exists());
    }
}
