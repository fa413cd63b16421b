//! One frame of a list that is scrolled: drawn as the window draws it, and cut into triangles, but not put on any screen.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::{Context, Event, Modifiers, MouseWheelSource, MouseWheelUnit, RawInput, Rect, TouchPhase, pos2, vec2};
use rustix::time::{ClockId, clock_gettime};
use sprat_api::{Snapshot, TransferState, TransferView};
use sprat_chunking::FileId;
use sprat_peer_gui::app;
use sprat_peer_gui::state::{Phase, Received, ViewState};
use sprat_peer_gui::widgets::theme;
use sprat_protocol::{Link, PeerId};

/// Frames that are drawn before any counts: letters are drawn once.
const WARM_UP: u32 = 60;
/// So many frames a second, and in so many of them nothing is new from the engine.
const FRAMES_A_SECOND: u32 = 60;
const FRAMES_A_SNAPSHOT: u32 = 15;
/// So many frames down, and as many up.
const FRAMES_A_TURN: u32 = 30;
/// The window's size, in points.
const SIZE: [f32; 2] = [1280.0, 800.0];

/// Prints one table.
pub(super) fn run(listed: u32, frames: u32) -> anyhow::Result<()> {
    println!(
        "| {frames} frames of a list that is scrolled | p50, ms of CPU | p95 | worst | triangles, median |\n\
         | --- | --- | --- | --- | --- |"
    );
    for transfers in [100.min(listed), listed] {
        measure(transfers, frames);
    }
    println!();
    Ok(())
}

fn measure(transfers: u32, frames: u32) {
    let all: Vec<_> = (0..transfers).map(|number| Arc::new(transfer(number))).collect();
    let ctx = Context::default();
    theme::install(&ctx);
    let mut view = ViewState::default();
    view.preferences.setup_done = true;
    let mut phase = seen(&all, 0.0);
    let (mut times, mut triangles) = (Vec::new(), Vec::new());
    for frame in 0..WARM_UP + frames {
        let now = f64::from(frame) / f64::from(FRAMES_A_SECOND);
        let input = input(frame, now);
        if frame % FRAMES_A_SNAPSHOT == 0 {
            phase = seen(&all, now);
        }
        let before = cpu();
        let mut output = ctx.run_ui(input, |ui| drop(app::frame(ui, &phase, &mut view)));
        let cut = ctx.tessellate(output.shapes, output.pixels_per_point);
        let took = cpu() - before;
        output.textures_delta.clear();
        if frame >= WARM_UP {
            times.push(took.as_secs_f64() * 1e3);
            triangles.push(cut.iter().map(|part| indices(&part.primitive)).sum::<usize>() / 3);
        }
    }
    times.sort_by(f64::total_cmp);
    triangles.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    let (p50, p95, worst) = (at(0.5), at(0.95), at(1.0));
    println!("| {transfers} transfers | {p50:.2} | {p95:.2} | {worst:.2} | {} |", triangles[triangles.len() / 2]);
}

fn indices(primitive: &egui::epaint::Primitive) -> usize {
    match primitive {
        egui::epaint::Primitive::Mesh(mesh) => mesh.indices.len(),
        egui::epaint::Primitive::Callback(_) => 0,
    }
}

/// CPU that this thread has used.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The mouse is over the list, and its wheel turns down and up again, over the same rows however many there are.
fn input(frame: u32, now: f64) -> RawInput {
    let direction = if (frame / FRAMES_A_TURN).is_multiple_of(2) { -1.0 } else { 1.0 };
    let wheel = Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, 90.0 * direction),
        phase: TouchPhase::Move,
        source: MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    };
    RawInput {
        screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), SIZE.into())),
        time: Some(now),
        focused: false,
        events: vec![Event::PointerMoved(pos2(700.0, 500.0)), wheel],
        ..RawInput::default()
    }
}

fn seen(transfers: &[Arc<TransferView>], at: f64) -> Phase {
    let snapshot = Snapshot {
        peer_id: PeerId::new([7; 32]),
        listen: ([0, 0, 0, 0], 40_123).into(),
        download_dir: PathBuf::from("/home/ada/Downloads"),
        trackers: Vec::new(),
        hashing: Vec::new(),
        transfers: transfers.to_vec(),
        down_rate: 9_175_040,
        up_rate: 614_400,
        up_limit: None,
        down_limit: None,
        active_downloads: 5,
        detail: None,
    };
    Phase::Running(Received { snapshot: Arc::new(snapshot), at })
}

/// One of many, in each state in turn.
fn transfer(number: u32) -> TransferView {
    let states = [TransferState::Downloading, TransferState::Sharing, TransferState::Paused, TransferState::Waiting];
    let state = states[number as usize % states.len()].clone();
    let name = format!("recording {number} of the long summer at the northern sea.flac");
    let mut id = [0; 32];
    id[..4].copy_from_slice(&number.to_be_bytes());
    let mut link = Link::new(FileId::new(id));
    let size = u64::from(number + 1) << 20;
    (link.name, link.size) = (Some(name.clone()), Some(size));
    TransferView {
        file_id: FileId::new(id),
        path: PathBuf::from("/home/ada/Downloads").join(&name),
        name,
        size: Some(size),
        files: None,
        is_download: state != TransferState::Sharing,
        sequential: false,
        verified: if state == TransferState::Sharing { size } else { size / 3 },
        chunks_done: number,
        num_chunks: 4 * (number + 1),
        down_rate: if state == TransferState::Downloading { 1_310_720 } else { 0 },
        up_rate: 0,
        downloaded: size / 3,
        uploaded: size / 7,
        eta: (state == TransferState::Downloading).then_some(Duration::from_secs(67)),
        work: None,
        added: 1_800_000_000 + u64::from(number),
        peers: Vec::new(),
        link,
        state,
    }
}
