//! Messages from one window to another: a line of JSON, `{"open":["…"]}`.

use std::io;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

/// Longest line in bytes, with its end.
const LINE: usize = 64 << 10;
/// Most arguments in a line.
const ARGUMENTS: usize = 64;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Message<'a> {
    #[serde(borrow)]
    open: Vec<std::borrow::Cow<'a, str>>,
}

/// Writes the lines that hand over these arguments: at least one, each within the limits.
///
/// # Errors
/// If one argument does not fit into a line.
pub(super) fn lines(open: &[String]) -> io::Result<Vec<String>> {
    let line = line(open)?;
    match open {
        _ if line.len() <= LINE && open.len() <= ARGUMENTS => Ok(vec![line]),
        [_] => Err(io::Error::new(io::ErrorKind::InvalidInput, "an argument is too long")),
        _ => {
            let (front, back) = open.split_at(open.len().div_ceil(2));
            Ok([lines(front)?, lines(back)?].concat())
        }
    }
}

fn line(open: &[String]) -> io::Result<String> {
    let open = open.iter().map(|argument| argument.as_str().into()).collect();
    Ok(serde_json::to_string(&Message { open })? + "\n")
}

/// Reads up to the end of a line, or to the longest length of one. Bytes after that are lost: nobody sends any.
pub(super) async fn read_line(stream: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(stream.take(LINE as u64)).read_until(b'\n', &mut line).await?;
    Ok(line)
}

/// Reads the arguments in a line.
pub(super) fn parse(line: &[u8]) -> io::Result<Vec<String>> {
    let message: Message<'_> = serde_json::from_slice(line)?;
    match message.open {
        open if open.len() <= ARGUMENTS => Ok(open.into_iter().map(Into::into).collect()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "too many arguments")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_fixed() {
        let open = ["sprat:1".to_owned(), "/a\n\"b\"".to_owned()];
        assert_eq!(line(&open).unwrap(), "{\"open\":[\"sprat:1\",\"/a\\n\\\"b\\\"\"]}\n");
        assert_eq!(parse(line(&open).unwrap().as_bytes()).unwrap(), open);
        assert_eq!(lines(&[]).unwrap(), ["{\"open\":[]}\n"]);
    }

    #[test]
    fn every_line_is_within_the_limits() {
        for (count, len) in [(64, 1), (65, 1), (1000, 3000), (3, LINE / 2)] {
            let open = vec!["\n".repeat(len / 2); count];
            let lines = lines(&open).unwrap();
            assert!(lines.iter().all(|line| line.len() <= LINE));
            assert_eq!(lines.iter().flat_map(|line| parse(line.as_bytes()).unwrap()).collect::<Vec<_>>(), open);
        }
        assert!(lines(&["x".repeat(LINE)]).is_err());
    }

    #[test]
    fn strangers_are_refused() {
        for bad in ["", "{}", "[]", "{\"open\":[1]}", "{\"open\":[],\"more\":1}", "{\"open\":[\"a\""] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse(line(&vec![String::new(); 65]).unwrap().as_bytes()).is_err());
    }

    #[test]
    fn whatever_was_understood_can_be_handed_on() {
        let long = format!("{{\"open\":[{}\"a\"]}}\n", "\"b\",".repeat(ARGUMENTS - 1));
        let inputs =
            ["{\"open\":[\"sprat:1\",\"/a\\n\\\"b\\\" \\u00e9\"]}\n", "{\"open\":[]}\n", &long, "{\"open\":[[[[[[["];
        sprat_fuzz::chance::throw(&mut sprat_fuzz::chance::seeded(), &inputs, |bytes| {
            let Ok(open) = parse(bytes) else { return };
            assert!(open.len() <= ARGUMENTS);
            let again = lines(&open).unwrap();
            assert_eq!(again.iter().flat_map(|line| parse(line.as_bytes()).unwrap()).collect::<Vec<_>>(), open);
        });
    }
}
