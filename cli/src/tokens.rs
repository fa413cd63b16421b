//! The tokens of private trackers: a file that only this user can read, beside the configuration.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sprat_peer::Tokens;
use tempfile::NamedTempFile;

use crate::config;
use crate::failure::Failure;

const HEADING: &str =
    "# Tokens of private trackers, by `sprat login`. Whoever reads them can use those trackers as you do.\n";

/// The file of the tokens.
pub(crate) struct TokenFile(PathBuf);

impl TokenFile {
    /// The user's.
    pub(crate) fn of_user() -> Result<Self, Failure> {
        let folder = config::folder().ok_or_else(|| {
            Failure::failed("this user has no home folder to keep tokens in; set HOME, and run the same command again")
        })?;
        Ok(Self(folder.join("tokens.toml")))
    }

    /// What is in it; nothing where there is none.
    pub(crate) fn load(&self) -> Result<Tokens, Failure> {
        match fs::read_to_string(&self.0) {
            Ok(text) => parse(&text).map_err(|problem| {
                // A problem is told without the line that it is in, for that may have a token in it.
                Failure::usage(format!(
                    "the tokens in {} can't be used: {problem}\nRemove the file, and run sprat login again.",
                    self.0.display()
                ))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Tokens::default()),
            Err(error) => Err(self.failed("read", &error)),
        }
    }

    /// Changes what is in it, as a whole or not at all.
    pub(crate) fn save(&self, tokens: &Tokens) -> Result<(), Failure> {
        let texts: BTreeMap<&str, String> = tokens.iter().map(|(tracker, token)| (tracker, token.reveal())).collect();
        let text = toml::to_string(&texts).map_err(|error| Failure::failed(error.to_string()))?;
        write(&self.0, &format!("{HEADING}{text}")).map_err(|error| self.failed("write", &error))
    }

    fn failed(&self, what: &str, error: &io::Error) -> Failure {
        Failure::failed(format!("can't {what} the tokens in {}: {error}", self.0.display()))
    }
}

/// The tokens of this user; none where there is no home.
pub(crate) fn load() -> Result<Tokens, Failure> {
    TokenFile::of_user().map_or_else(|_| Ok(Tokens::default()), |file| file.load())
}

fn parse(text: &str) -> Result<Tokens, String> {
    let texts: BTreeMap<String, String> = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let mut tokens = Tokens::default();
    for (tracker, token) in texts {
        let url = config::tracker_url(&tracker)?;
        let token = token.parse().map_err(|error| format!("for {tracker}, {error}"))?;
        tokens.insert(&url, token);
    }
    Ok(tokens)
}

/// A temporary file can be read by its owner only, and stays so under its name.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use sprat_protocol::tracker::AccessToken;
    use url::Url;

    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_nobody_else_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile(folder.path().join("sprat").join("tokens.toml"));
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
        let file = TokenFile(folder.path().join("tokens.toml"));
        let token = AccessToken::new([9; 32]).reveal();
        for text in [
            format!("\"http://a:1\" = \"{}\"", &token[..50]),
            format!("\"http://a:1\" = \"{token}"),
            format!("\"http://a:1\" = [\"{token}\"]"),
            format!("http://a:1 = \"{token}\""),
            format!("\"ftp://a:1\" = \"{token}\""),
        ] {
            fs::write(&file.0, &text).unwrap();
            let message = file.load().unwrap_err().message.unwrap();
            assert!(message.contains("tokens.toml") && !message.contains(&token[6..40]), "{text}: {message}");
        }
    }
}
