//! Paths and limits that people type.

use std::num::NonZeroU32;
use std::path::PathBuf;

use url::Url;

/// Reads a path that was typed or pasted: without the quotes or the `file://` that file managers add. `~/` is the person's own
/// folder, and the path does not depend on the directory in which the program was started.
pub fn path(field: &str) -> Option<PathBuf> {
    let text = field.trim();
    let text = text.strip_prefix(['"', '\'']).and_then(|text| text.strip_suffix(['"', '\''])).unwrap_or(text);
    let from_url = || Url::parse(text).ok().filter(|url| url.scheme() == "file")?.to_file_path().ok();
    let at_home = || text.strip_prefix("~/").and_then(|rest| Some(std::env::home_dir()?.join(rest)));
    let path = from_url().or_else(at_home).or_else(|| Some(PathBuf::from(text)));
    path.and_then(|path| std::path::absolute(path).ok())
}

/// Error of [`parse_limit`]: the text is neither a number nor empty, or the number is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotALimit;

/// Reads a limit: a number of KiB a second, or nothing for none. The result is in bytes a second.
///
/// # Errors
/// If the text is neither.
pub fn parse_limit(text: &str) -> Result<Option<NonZeroU32>, NotALimit> {
    match text.trim() {
        "" | "0" => Ok(None),
        number => {
            let bytes = number.parse::<u32>().ok().and_then(|kib| kib.checked_mul(1024));
            bytes.map(NonZeroU32::new).ok_or(NotALimit)
        }
    }
}

/// Writes a limit in bytes a second as [`parse_limit`] reads it.
pub fn limit_text(limit: Option<NonZeroU32>) -> String {
    limit.map_or_else(String::new, |limit| limit.get().div_ceil(1024).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_path_loses_its_quotes_and_its_scheme() {
        let path = |text: &str| path(text).map(|path| path.display().to_string());
        assert_eq!(path(" /a/b c.txt "), Some("/a/b c.txt".into()));
        assert_eq!(path("\"/a/b c.txt\""), Some("/a/b c.txt".into()));
        #[cfg(unix)]
        assert_eq!(path("file:///a/b%20c.txt"), Some("/a/b c.txt".into()));
        assert_eq!(path("   "), None);
    }

    #[test]
    fn limits_are_kib_a_second_or_nothing() {
        assert_eq!(parse_limit(" 2 "), Ok(NonZeroU32::new(2048)));
        assert_eq!((parse_limit(""), parse_limit("0")), (Ok(None), Ok(None)));
        for wrong in ["fast", "-1", "1.5", "4194304", "99999999999"] {
            assert_eq!(parse_limit(wrong), Err(NotALimit), "{wrong}");
        }
        assert_eq!(limit_text(parse_limit("300").unwrap()), "300");
        assert_eq!((limit_text(None).as_str(), limit_text(NonZeroU32::new(1)).as_str()), ("", "1"));
    }
}
