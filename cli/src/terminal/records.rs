//! The JSON lines of `--json`. Scripts read these: fields are added, never renamed or taken away.

use std::path::Path;

use serde::Serialize;
use sprat_api::{PeerView, TransferView};
use sprat_chunking::FileId;
use sprat_protocol::tracker::SearchHit;
use sprat_protocol::{FileName, Link};

use crate::terminal::failure::Exit;

/// A file is hashed and served.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "shared")]
pub(crate) struct SharedRecord {
    file_id: FileId,
    path: String,
    name: String,
    /// Bytes of the file, or of all files in the folder.
    size: u64,
    /// Number of files in it, if it is a folder.
    files: Option<u32>,
    link: String,
    /// Addresses of this peer, as the link says.
    peers: Vec<String>,
    trackers: Vec<String>,
}

impl SharedRecord {
    /// Record of a share with this link.
    pub(crate) fn new(path: &Path, link: &Link, size: u64, files: Option<u32>) -> Self {
        Self {
            file_id: link.file_id,
            path: path.to_string_lossy().into_owned(),
            name: link.name.clone().unwrap_or_default(),
            size,
            files,
            link: link.to_string(),
            peers: link.peers.iter().map(ToString::to_string).collect(),
            trackers: link.trackers.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Chunks that one peer sent, since the command started.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Source {
    peer_id: String,
    addr: String,
    chunks: u32,
    bytes: u64,
}

impl From<&PeerView> for Source {
    fn from(peer: &PeerView) -> Self {
        Self {
            peer_id: peer.peer_id.to_string(),
            addr: peer.addr.to_string(),
            chunks: peer.chunks_down,
            bytes: peer.bytes_down,
        }
    }
}

/// The peers that chunks came from.
fn sources(transfer: &TransferView) -> Vec<Source> {
    transfer.peers.iter().filter(|peer| peer.chunks_down > 0).map(Source::from).collect()
}

/// Progress of a download.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "progress")]
pub(crate) struct ProgressRecord {
    file_id: FileId,
    /// `queued`, `searching`, `waiting`, `checking`, `moving`, `downloading`, `sharing`, `paused` or `stopped`.
    state: &'static str,
    name: String,
    /// Bytes verified and on disk.
    verified: u64,
    size: Option<u64>,
    chunks: u32,
    num_chunks: u32,
    /// Bytes per second.
    down_rate: u64,
    up_rate: u64,
    eta_seconds: Option<u64>,
    /// Connected peers.
    peers: usize,
    sources: Vec<Source>,
}

impl From<&TransferView> for ProgressRecord {
    fn from(transfer: &TransferView) -> Self {
        use sprat_api::TransferState as State;

        Self {
            file_id: transfer.file_id,
            state: match transfer.state {
                State::Queued => "queued",
                State::Moving => "moving",
                State::Searching => "searching",
                State::Waiting => "waiting",
                State::Checking => "checking",
                State::Downloading => "downloading",
                State::Sharing => "sharing",
                State::Paused => "paused",
                State::Stopped(_) => "stopped",
            },
            name: transfer.name.clone(),
            verified: transfer.verified,
            size: transfer.size,
            chunks: transfer.chunks_done,
            num_chunks: transfer.num_chunks,
            down_rate: transfer.down_rate,
            up_rate: transfer.up_rate,
            eta_seconds: transfer.eta.map(|eta| eta.as_secs()),
            peers: transfer.peers.iter().filter(|peer| peer.connected).count(),
            sources: sources(transfer),
        }
    }
}

/// Every byte is verified and in place.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "complete")]
pub(crate) struct CompleteRecord {
    file_id: FileId,
    path: String,
    size: u64,
    /// Bytes of chunks fetched by this command; what an earlier one had verified is not fetched again.
    downloaded: u64,
    /// Chunks fetched by this command.
    chunks: u32,
    sources: Vec<Source>,
}

impl From<&TransferView> for CompleteRecord {
    fn from(transfer: &TransferView) -> Self {
        let sources = sources(transfer);
        Self {
            file_id: transfer.file_id,
            path: transfer.path.to_string_lossy().into_owned(),
            size: transfer.size.unwrap_or(transfer.verified),
            downloaded: transfer.downloaded,
            chunks: sources.iter().map(|source| source.chunks).sum(),
            sources,
        }
    }
}

/// A file whose name matches.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "found")]
pub(crate) struct FoundRecord {
    file_id: FileId,
    name: String,
    size: u64,
    seeders: u32,
    leechers: u32,
    /// Seconds since 1970 (UTC).
    first_seen: u64,
}

impl From<&SearchHit> for FoundRecord {
    fn from(hit: &SearchHit) -> Self {
        Self {
            file_id: hit.file_id,
            name: FileName::clean(&hit.name).to_string(),
            size: hit.size,
            seeders: hit.seeders,
            leechers: hit.leechers,
            first_seen: hit.first_seen,
        }
    }
}

/// Something went wrong.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "error")]
pub(crate) struct ErrorRecord<'a> {
    file_id: Option<FileId>,
    /// The exit code that it leads to, unless something else succeeds.
    code: u8,
    message: &'a str,
}

impl<'a> ErrorRecord<'a> {
    /// This sentence, about this file.
    pub(crate) fn new(exit: Exit, file_id: Option<FileId>, message: &'a str) -> Self {
        Self { file_id, code: exit as u8, message }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use sprat_api::TransferState;
    use sprat_protocol::PeerId;

    use super::*;

    const ID: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const PEER: &str = "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq";

    pub(crate) fn transfer() -> TransferView {
        let link = Link::new(ID.parse().unwrap());
        TransferView {
            file_id: link.file_id,
            name: "a.iso".into(),
            path: "/d/a.iso".into(),
            size: Some(300_000),
            files: None,
            state: TransferState::Downloading,
            is_download: true,
            sequential: false,
            verified: 262_144,
            chunks_done: 1,
            num_chunks: 2,
            down_rate: 1000,
            up_rate: 0,
            downloaded: 262_144,
            uploaded: 0,
            eta: Some(Duration::from_secs(38)),
            work: None,
            added: 0,
            link,
            peers: vec![peer(1), PeerView { connected: true, ..peer(0) }],
        }
    }

    fn peer(chunks_down: u32) -> PeerView {
        PeerView {
            peer_id: PeerId::new(std::array::from_fn(|i| i as u8)),
            addr: "203.0.113.5:4000".parse().unwrap(),
            agent: "sprat/0".into(),
            name: String::new(),
            connected: false,
            last_seen: 0,
            complete: true,
            chunks_down,
            bytes_down: u64::from(chunks_down) * 262_144,
            bytes_up: 0,
            down_rate: 0,
            up_rate: 0,
        }
    }

    fn assert_golden(record: &impl Serialize, text: &str) {
        assert_eq!(serde_json::to_string(record).unwrap(), text);
    }

    #[test]
    fn golden_shared() {
        let link: Link = format!("sprat:{ID}?name=a&size=3&tracker=http://t:5000&peer=10.0.0.2:4000").parse().unwrap();
        assert_golden(
            &SharedRecord::new(Path::new("/d/a"), &link, 3, None),
            &format!(
                r#"{{"type":"shared","file_id":"{ID}","path":"/d/a","name":"a","size":3,"files":null,"link":"{link}","peers":["10.0.0.2:4000"],"trackers":["http://t:5000/"]}}"#
            ),
        );
    }

    #[test]
    fn golden_progress_and_complete() {
        let source = format!(r#"{{"peer_id":"{PEER}","addr":"203.0.113.5:4000","chunks":1,"bytes":262144}}"#);
        assert_golden(
            &ProgressRecord::from(&transfer()),
            &format!(
                r#"{{"type":"progress","file_id":"{ID}","state":"downloading","name":"a.iso","verified":262144,"size":300000,"chunks":1,"num_chunks":2,"down_rate":1000,"up_rate":0,"eta_seconds":38,"peers":1,"sources":[{source}]}}"#
            ),
        );
        assert_golden(
            &CompleteRecord::from(&transfer()),
            &format!(
                r#"{{"type":"complete","file_id":"{ID}","path":"/d/a.iso","size":300000,"downloaded":262144,"chunks":1,"sources":[{source}]}}"#
            ),
        );
    }

    #[test]
    fn golden_found_and_error() {
        let hit = SearchHit {
            file_id: ID.parse().unwrap(),
            name: "../a\n.iso".into(),
            size: 9,
            seeders: 1,
            leechers: 2,
            first_seen: 1_790_000_000,
        };
        assert_golden(
            &FoundRecord::from(&hit),
            &format!(
                r#"{{"type":"found","file_id":"{ID}","name":"_._a_.iso","size":9,"seeders":1,"leechers":2,"first_seen":1790000000}}"#
            ),
        );
        assert_golden(
            &ErrorRecord::new(Exit::NotFound, ID.parse().ok(), "m"),
            &format!(r#"{{"type":"error","file_id":"{ID}","code":3,"message":"m"}}"#),
        );
        assert_golden(
            &ErrorRecord::new(Exit::Usage, None, "m"),
            r#"{"type":"error","file_id":null,"code":2,"message":"m"}"#,
        );
    }
}
