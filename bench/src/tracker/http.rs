//! As much of HTTP/1.1 as a load generator needs: requests as bytes, and of answers the head. Bodies are counted, not read.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use sprat_protocol::Identity;
use sprat_protocol::tracker::{Request, SIGNATURE_HEADER, Signature};

/// The longest head of an answer that is waited for.
const MAX_HEAD_LEN: usize = 16 * 1024;

/// A message as it is posted to a tracker there.
pub(crate) fn post(host: SocketAddr, message: &Request) -> Vec<u8> {
    let body = serde_json::to_vec(message).expect("a message can always be written");
    posted(host, message, "", body)
}

/// A message with the signature of whoever says it.
pub(crate) fn post_signed(host: SocketAddr, message: &Request, identity: &Identity) -> Vec<u8> {
    let body = serde_json::to_vec(message).expect("a message can always be written");
    let signature = format!("{SIGNATURE_HEADER}: {}\r\n", Signature::new(identity, &body));
    posted(host, message, &signature, body)
}

fn posted(host: SocketAddr, message: &Request, header: &str, body: Vec<u8>) -> Vec<u8> {
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n{header}content-length: {}\r\n\r\n",
        message.route(),
        body.len()
    );
    [head.into_bytes(), body].concat()
}

/// A request for this path.
pub(crate) fn get(host: SocketAddr, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n").into_bytes()
}

/// Facts in the head of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The status.
    pub(crate) status: u16,
    /// Length of the head in bytes.
    pub(crate) len: usize,
    /// Length of the body in bytes.
    pub(crate) body_len: usize,
    /// Seconds after which it may be tried again.
    pub(crate) retry_after: Option<u32>,
}

impl Head {
    /// Reads the head of the answer that starts here; none while its end is not there yet.
    pub(crate) fn parse(bytes: &[u8]) -> anyhow::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return if bytes.len() > MAX_HEAD_LEN { bail!("an answer whose head does not end") } else { Ok(None) };
        };
        let mut lines = bytes[..end].split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let status = lines.next().and_then(|line| number(line.strip_prefix(b"HTTP/1.1 ")?.get(..3)?));
        let status = status.context("an answer that is no HTTP/1.1")?;
        let (mut body_len, mut retry_after) = (None, None);
        for line in lines {
            if let Some(value) = value(line, b"content-length:") {
                body_len = number(value);
            } else if let Some(value) = value(line, b"retry-after:") {
                retry_after = number(value);
            }
        }
        let body_len = body_len.context("an answer that does not tell its length")?;
        Ok(Some(Self { status, len: end + 4, body_len, retry_after }))
    }

    /// Length of the whole answer in bytes.
    pub(crate) fn answer_len(&self) -> usize {
        self.len + self.body_len
    }
}

/// The value of a header line with this name, its colon included.
fn value<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

fn number<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Finds the ends of answers in what comes over a connection that has one request under way at a time.
#[derive(Default)]
pub(crate) struct Answers {
    /// The beginning of a head whose end is still to come.
    start: Vec<u8>,
    current: Option<Head>,
    /// Bytes of the current answer that are still to come.
    missing: usize,
}

impl Answers {
    /// Takes what came; returns the head of the answer if it is complete now.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> anyhow::Result<Option<Head>> {
        let came = match self.current {
            Some(_) => bytes.len(),
            None => self.begin(bytes)?,
        };
        let Some(head) = self.current else { return Ok(None) };
        self.missing = self.missing.checked_sub(came).context("more came than the answer")?;
        if self.missing > 0 {
            return Ok(None);
        }
        self.current = None;
        Ok(Some(head))
    }

    /// Looks for the end of the head; returns how much of the answer is there.
    fn begin(&mut self, bytes: &[u8]) -> anyhow::Result<usize> {
        // Almost always all of the head is there at once, and nothing needs to be copied.
        let mut joined = std::mem::take(&mut self.start);
        let all = if joined.is_empty() {
            bytes
        } else {
            joined.extend_from_slice(bytes);
            &joined
        };
        self.current = Head::parse(all)?;
        let len = all.len();
        match self.current {
            Some(head) => self.missing = head.answer_len(),
            None => self.start = all.to_vec(),
        }
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use sprat_protocol::tracker::Search;

    use super::*;

    const HYPER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\nhello";
    const AQUATIC: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5     \r\n\r\nhello";

    #[test]
    fn a_head_tells_status_and_lengths() {
        for (answer, len) in [(HYPER, 70), (AQUATIC, 43)] {
            let head = Head { status: 200, len, body_len: 5, retry_after: None };
            assert_eq!(Head::parse(answer).unwrap(), Some(head));
            assert_eq!(head.answer_len(), answer.len());
        }
        let refused = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\ncontent-length: 0\r\n\r\n";
        let head = Head::parse(refused).unwrap().unwrap();
        assert_eq!((head.status, head.body_len, head.retry_after), (429, 0, Some(30)));
    }

    #[test]
    fn a_head_without_its_end_is_awaited() {
        for cut in 0..43 {
            assert_eq!(Head::parse(&AQUATIC[..cut]).unwrap(), None, "{cut}");
        }
        assert!(Head::parse(&[b'x'; MAX_HEAD_LEN + 1]).is_err());
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for wrong in [
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        ] {
            assert!(Head::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_answer_is_complete_with_its_last_byte_however_it_comes() {
        for first in 1..HYPER.len() {
            let mut answers = Answers::default();
            for _ in 0..2 {
                assert_eq!(answers.take(&HYPER[..first]).unwrap(), None, "{first}");
                let head = answers.take(&HYPER[first..]).unwrap().unwrap();
                assert_eq!((head.status, head.body_len), (200, 5));
            }
        }
        let mut answers = Answers::default();
        let (last, rest) = HYPER.split_last().unwrap();
        assert!(rest.iter().all(|byte| answers.take(&[*byte]).unwrap().is_none()));
        assert!(answers.take(&[*last]).unwrap().is_some());
        assert!(answers.take(&[HYPER, b"!"].concat()).is_err());
    }

    #[test]
    fn a_message_is_posted_to_its_route() {
        let search = Request::Search(Search { words: "a".into(), page: 0 });
        let text = String::from_utf8(post("127.0.0.1:5".parse().unwrap(), &search)).unwrap();
        let body = r#"{"type":"SEARCH","words":"a","page":0}"#;
        let head =
            "POST /v1/search HTTP/1.1\r\nhost: 127.0.0.1:5\r\ncontent-type: application/json\r\ncontent-length: 38";
        assert_eq!(text, format!("{head}\r\n\r\n{body}"));
    }
}
