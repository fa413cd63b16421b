//! A BitTorrent tracker that knows one peer, for programs that can be told of peers in no other way (BEP 3, BEP 23).

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddrV4, TcpListener, TcpStream};
use std::time::Duration;

/// Options of `announce`.
#[derive(clap::Args)]
pub(crate) struct Announce {
    /// Address to listen at
    listen: SocketAddrV4,
    /// The peer that everybody is told of
    peer: SocketAddrV4,
}

/// Answers until it is ended.
pub(crate) fn run(announce: &Announce) -> anyhow::Result<()> {
    let listener = TcpListener::bind(announce.listen)?;
    println!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        // Whoever asked badly asks again.
        let _ = stream.and_then(|stream| answer(stream, announce.peer));
    }
    Ok(())
}

fn answer(mut stream: TcpStream, peer: SocketAddrV4) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let mut body = b"d8:completei1e10:incompletei1e8:intervali1800e5:peers6:".to_vec();
    body.extend_from_slice(&peer.ip().octets());
    body.extend_from_slice(&peer.port().to_be_bytes());
    body.push(b'e');
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(&body)
}
