//! Answers to connections whose requests are not read, each written in one go.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::LazyLock;

use tokio::net::TcpStream;

/// Answers somebody who is not let in, as far as that is possible without waiting, and hangs up.
pub(super) fn turn_away(stream: TcpStream, answer: &str) -> io::Result<()> {
    let mut stream = stream.into_std()?;
    // The system would throw the answer away if it closed a socket with something to read in it.
    let _ = stream.read(&mut [0; 4096]);
    stream.write_all(answer.as_bytes())?;
    stream.shutdown(Shutdown::Both)
}

/// Answer to an address with too many connections.
pub(super) static TOO_MANY: LazyLock<String> = LazyLock::new(|| {
    let message = "your network has as many connections here as one may have; close some, or try again later";
    answer("429 Too Many Requests", "too_many", message)
});

/// Answer where no connection can make room.
pub(super) static FULL: LazyLock<String> = LazyLock::new(|| {
    answer(
        "503 Service Unavailable",
        "unavailable",
        "this tracker has as many connections as it takes; try again later",
    )
});

/// Answer to plain HTTP where only HTTPS is served.
pub(super) static NOT_HTTPS: LazyLock<String> = LazyLock::new(|| {
    let message = "this tracker speaks HTTPS here; use an address that begins with https://";
    with_body("400 Bad Request", "", &format!(r#"{{"type":"ERROR","code":"bad_request","message":"{message}"}}"#))
});

fn answer(status: &str, code: &str, message: &str) -> String {
    let body = format!(r#"{{"type":"ERROR","code":"{code}","message":"{message}","retry_after":10}}"#);
    with_body(status, "retry-after: 10\r\n", &body)
}

fn with_body(status: &str, headers: &str, body: &str) -> String {
    let len = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len}\r\n{headers}connection: close\r\n\r\n{body}"
    )
}
