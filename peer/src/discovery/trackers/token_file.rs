//! File that keeps the tokens of private trackers, beside the configuration. Only this user can read it, and all
//! programs of this user share it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use sprat_store::disk::atomic::replace;

use crate::discovery::trackers::client::tracker_url;
use crate::discovery::trackers::tokens::Tokens;

const HEADING: &str =
    "# Tokens of private trackers, by `sprat login`. Whoever reads them can use those trackers as you do.\n";

/// File of the tokens. Reading and writing it block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFile(PathBuf);

/// Reason why the tokens cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// The file makes no sense. The message leaves out the wrong line, because that may contain a token.
    #[error("the tokens in {} can't be used: {problem}", path.display())]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// Description of the problem.
        problem: String,
    },
    /// The system reported an error.
    #[error("can't {what} the tokens in {}: {error}", path.display())]
    Io {
        /// Operation that failed: read or write.
        what: &'static str,
        /// Path of the file.
        path: PathBuf,
        /// Error that the system reported.
        error: io::Error,
    },
}

impl TokenFile {
    /// Returns the file of this user, if the user has a home.
    pub fn of_user() -> Option<Self> {
        Some(Self::at(ProjectDirs::from("", "", "Sprat")?.config_dir().join("tokens.toml")))
    }

    /// Returns the file at this path.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Reads the tokens from the file; none if there is no file.
    ///
    /// # Errors
    /// [`TokenFileError`] if the file cannot be read or makes no sense.
    pub fn load(&self) -> Result<Tokens, TokenFileError> {
        match fs::read_to_string(&self.0) {
            Ok(text) => parse(&text).map_err(|problem| TokenFileError::Damaged { path: self.0.clone(), problem }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Tokens::default()),
            Err(error) => Err(self.failed("read", error)),
        }
    }

    /// Replaces the tokens in the file, as a whole or not at all.
    ///
    /// # Errors
    /// [`TokenFileError::Io`] if the file cannot be written.
    pub(crate) fn save(&self, tokens: &Tokens) -> Result<(), TokenFileError> {
        let texts: BTreeMap<&str, String> = tokens.iter().map(|(tracker, token)| (tracker, token.reveal())).collect();
        let text = toml::to_string(&texts).expect("TOML has maps of strings");
        write(&self.0, &format!("{HEADING}{text}")).map_err(|error| self.failed("write", error))
    }

    fn failed(&self, what: &'static str, error: io::Error) -> TokenFileError {
        TokenFileError::Io { what, path: self.0.clone(), error }
    }
}

pub(crate) fn parse(text: &str) -> Result<Tokens, String> {
    let texts: BTreeMap<String, String> = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let mut tokens = Tokens::default();
    for (tracker, token) in texts {
        let url = tracker_url(&tracker).ok_or_else(|| format!("{tracker:?} is not a tracker's address"))?;
        let token = token.parse().map_err(|error| format!("for {tracker}, {error}"))?;
        tokens.insert(&url, token);
    }
    Ok(tokens)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().ok_or(io::ErrorKind::InvalidInput)?)?;
    replace(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use sprat_protocol::tracker::AccessToken;
    use url::Url;

    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_nobody_else_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::at(folder.path().join("sprat").join("tokens.toml"));
        assert_eq!(file.load().unwrap(), Tokens::default());
        let mut tokens = Tokens::default();
        for (number, url) in (1..).zip(["http://a:1", "https://b.example/x"]) {
            tokens.insert(&Url::parse(url).unwrap(), AccessToken::new([number; 32]));
        }
        file.save(&tokens).unwrap();
        assert_eq!(file.load().unwrap(), tokens);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file.0).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_file_is_told_of_without_its_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::at(folder.path().join("tokens.toml"));
        let token = AccessToken::new([9; 32]).reveal();
        for text in [
            format!("\"http://a:1\" = \"{}\"", &token[..50]),
            format!("\"http://a:1\" = \"{token}"),
            format!("\"http://a:1\" = [\"{token}\"]"),
            format!("http://a:1 = \"{token}\""),
            format!("\"ftp://a:1\" = \"{token}\""),
        ] {
            fs::write(&file.0, &text).unwrap();
            let message = file.load().unwrap_err().to_string();
            assert!(message.contains("tokens.toml") && !message.contains(&token[6..40]), "{text}: {message}");
        }
    }
}
