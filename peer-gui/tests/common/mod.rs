//! Made-up snapshots, for the tests and for the pictures.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sprat_chunking::FileId;
use sprat_peer_gui::model::engine::{
    Cell, ChunkMap, Detail, FileView, HashingView, PeerView, Priority, Snapshot, TrackerState, TrackerView,
    TransferState, TransferView, Trouble,
};
use sprat_peer_gui::state::{Phase, Received};
use sprat_protocol::tracker::SearchHit;
use sprat_protocol::{Link, PeerId};
use url::Url;

/// File ID whose bytes are all this number.
pub(crate) fn id(n: u8) -> FileId {
    FileId::new([n; 32])
}

/// Moment at which clocks here show this, in seconds since 1970 (UTC). Moments are told in local time: so they are told
/// alike wherever the tests run.
pub(crate) fn moment(shown: &str) -> u64 {
    let shown: DateTime = shown.parse().expect("a date and a time");
    let zoned = shown.to_zoned(TimeZone::system()).expect("every zone has this moment");
    u64::try_from(zoned.timestamp().as_second()).expect("a moment of this century")
}

/// Snapshot of an engine just after its first start, with a tracker that answers.
pub(crate) fn empty() -> Snapshot {
    Snapshot {
        trackers: vec![tracker("http://tracker.example:5000", TrackerState::Online)],
        ..Snapshot::new(PeerId::new([7; 32]), ([0, 0, 0, 0], 40_123).into(), "/home/ada/Downloads".into())
    }
}

/// Tracker in this state.
pub(crate) fn tracker(url: &str, state: TrackerState) -> TrackerView {
    TrackerView { reachable: None, refusal: None, url: Url::parse(url).expect("a URL"), state }
}

/// Tracker that does not answer.
pub(crate) fn away() -> TrackerView {
    let state = TrackerState::Away { reason: "Connection refused".to_owned(), retry_in: Duration::from_secs(12) };
    tracker("http://tracker.example:5000", state)
}

/// Transfer of which `percent` percent are here.
pub(crate) fn transfer(n: u8, name: &str, mib: u64, percent: u64, state: TransferState) -> TransferView {
    let size = mib << 20;
    let num_chunks = (mib * 4) as u32;
    let downloading = state == TransferState::Downloading;
    let sharing = state == TransferState::Sharing;
    let mut link = Link::new(id(n));
    (link.name, link.size) = (Some(name.to_owned()), Some(size));
    link.trackers.push(Url::parse("http://tracker.example:5000").expect("a URL"));
    TransferView {
        file_id: id(n),
        name: name.to_owned(),
        path: PathBuf::from("/home/ada/Downloads").join(name),
        size: Some(size),
        files: None,
        is_download: !sharing,
        sequential: false,
        verified: size / 100 * percent,
        chunks_done: num_chunks * percent as u32 / 100,
        num_chunks,
        down_rate: if downloading { u64::from(n) * 1_310_720 } else { 0 },
        up_rate: if sharing { u64::from(n) * 204_800 } else { 0 },
        downloaded: if sharing { 0 } else { size / 100 * percent },
        uploaded: if sharing { size * 3 } else { size / 7 },
        eta: downloading.then_some(Duration::from_secs(67 * u64::from(n))),
        work: None,
        added: moment("2026-11-20 18:05"),
        peers: if downloading { peers() } else { Vec::new() },
        link,
        state,
    }
}

/// Peers of a transfer, one of which left.
pub(crate) fn peers() -> Vec<PeerView> {
    let peer = |n: u8, connected, complete, chunks: u32| PeerView {
        peer_id: PeerId::new([n.wrapping_mul(37); 32]),
        addr: ([192, 168, 1, n], 40_000 + u16::from(n)).into(),
        agent: "sprat/0.1.0".to_owned(),
        name: String::new(),
        connected,
        last_seen: moment("2026-11-20 19:40"),
        complete,
        chunks_down: chunks,
        bytes_down: u64::from(chunks) * 262_144,
        bytes_up: if complete { 0 } else { u64::from(chunks) * 65_536 },
        down_rate: 0,
        up_rate: 0,
    };
    vec![peer(21, false, false, 12), peer(34, true, true, 281), peer(55, true, false, 96), peer(89, true, true, 94)]
}

/// Snapshot with a bit of everything.
pub(crate) fn busy() -> Snapshot {
    let stopped = TransferState::Stopped(Trouble::DiskFull { needed: 430 << 20, dir: "/home/ada/Downloads".into() });
    let all = [
        transfer(1, "debian-12.8.0-amd64-netinst.iso", 640, 55, TransferState::Downloading),
        transfer(6, "Big Buck Bunny (1080p).mkv", 1024, 47, TransferState::Downloading),
        transfer(3, "lecture-notes-2026.zip", 200, 100, TransferState::Sharing),
        transfer(4, "rust-book-offline.epub", 90, 33, TransferState::Paused),
        transfer(5, "field-recordings.flac", 400, 90, TransferState::Checking),
        transfer(2, "dataset-v3.tar.zst", 512, 20, stopped),
        transfer(
            7,
            "holiday photos from the long summer at the northern sea, all of them, unsorted.zip",
            300,
            4,
            TransferState::Waiting,
        ),
        transfer(8, "notes.txt", 1, 0, TransferState::Searching),
    ];
    Snapshot {
        hashing: vec![HashingView {
            path: "/home/ada/Videos/interview-raw.mov".into(),
            done: 3 << 30,
            total: 8 << 30,
            eta: None,
        }],
        // Each a minute after the one before.
        transfers: (0..).zip(all).map(|(n, one)| Arc::new(TransferView { added: one.added + 60 * n, ..one })).collect(),
        down_rate: 9_175_040,
        up_rate: 614_400,
        ..empty()
    }
}

/// Peer that came for something and has a name, or has none.
pub(crate) fn person(n: u8, name: &str, down: u64, up: u64) -> PeerView {
    PeerView {
        peer_id: PeerId::new([n.wrapping_mul(37); 32]),
        addr: ([192, 168, 1, n], 40_000 + u16::from(n)).into(),
        agent: "sprat/0.1.0".to_owned(),
        name: name.to_owned(),
        connected: n != 21,
        last_seen: moment("2026-11-20 19:40"),
        complete: down > 0,
        chunks_down: (down / 262_144) as u32,
        bytes_down: down,
        bytes_up: up,
        down_rate: down / 200,
        up_rate: up / 300,
    }
}

/// Snapshot as [`busy`], with the detail of the first download.
pub(crate) fn watched() -> Snapshot {
    Snapshot { detail: Some(Arc::new(detail(1))), ..busy() }
}

/// Detail of a download that is about half here.
pub(crate) fn detail(n: u8) -> Detail {
    let cell = |at: u32| match (at, at.wrapping_mul(2_654_435_761) >> 24) {
        (_, 0..=3) => Cell::Requested,
        (0..=299, _) | (_, 4..=90) => Cell::Here,
        _ => Cell::Missing,
    };
    Detail {
        file_id: id(n),
        chunks: ChunkMap { cells: (0..640).map(cell).collect(), chunks_per_cell: 4 },
        files: Arc::from([]),
        priorities: [].into(),
        up_limit: NonZeroU32::new(512 << 10),
        down_limit: None,
    }
}

/// Snapshot with a folder that is fetched, and its files.
pub(crate) fn folder() -> Snapshot {
    let mut album = transfer(9, "field recordings 2026", 300, 40, TransferState::Downloading);
    album.files = Some(4);
    let file = |path: &str, mib: u64| FileView { path: path.to_owned(), size: mib << 20 };
    let files = [
        file("cover.png", 2),
        file("day 1/harbour at dawn.flac", 140),
        file("day 1/rain on the tent.flac", 98),
        file("notes.txt", 1),
    ];
    let priorities = [(0, Priority::Off), (2, Priority::High)].into();
    let detail = Detail { files: Arc::from(files), priorities, up_limit: None, ..detail(9) };
    Snapshot { transfers: vec![Arc::new(album)], detail: Some(Arc::new(detail)), ..empty() }
}

/// Result of a search. The first file is here already, the second is on its way.
pub(crate) fn hits() -> Vec<SearchHit> {
    let hit = |n: u8, name: &str, mib: u64, seeders: u32, first_seen: &str| SearchHit {
        file_id: id(n),
        name: name.to_owned(),
        size: mib << 20,
        seeders,
        leechers: 1,
        first_seen: moment(first_seen),
    };
    vec![
        hit(3, "lecture-notes-2026.zip", 200, 3, "2026-10-02 09:15"),
        hit(1, "debian-12.8.0-amd64-netinst.iso", 640, 41, "2026-09-14 22:40"),
        hit(50, "lecture-01-introduction.mp4", 812, 7, "2026-09-01 08:00"),
        hit(51, "lecture-02-how-files-travel.mp4", 1044, 6, "2026-09-08 08:00"),
        hit(52, "lecture slides, first half.pdf", 12, 9, "2026-09-30 17:20"),
    ]
}

/// Phase in which this is the newest snapshot.
pub(crate) fn running(snapshot: Snapshot) -> Phase {
    Phase::Running(Received { snapshot: Arc::new(snapshot), at: 0.0 })
}
