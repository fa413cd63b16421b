//! Bars on standard error, only where that is a terminal.

use std::io::{self, Write};
use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use sprat_api::{TransferState, TransferView};

use crate::terminal::words::{count, size};

/// There is one terminal, so there is one set of bars on it.
static BARS: LazyLock<MultiProgress> = LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));

/// Writes to the terminal without leaving shreds of bars between the lines.
pub(crate) fn above_bars<R>(write: impl FnOnce() -> R) -> R {
    BARS.suspend(write)
}

/// Returns true if nobody sees the bars.
pub(crate) fn is_hidden() -> bool {
    BARS.is_hidden()
}

/// Standard error, for log lines.
pub(crate) struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        above_bars(|| io::stderr().lock().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

/// Work below this many bytes is over before anybody could read a bar.
const BYTES_FROM: u64 = 64 * 1024 * 1024;

const BYTES: &str = "{prefix} [{wide_bar}] {percent:>3}%  {binary_bytes} of {binary_total_bytes}  {msg}";
const CHUNKS: &str = "  {prefix:<10} [{wide_bar}] {pos:>5} of {len} chunks {msg:<8}";
const TEXT: &str = "{wide_msg}";

/// One line at the foot of the terminal, taken away when it is dropped.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// Bar for `total` bytes, with a name before it; none where there is little to do.
    pub(crate) fn bytes(name: &str, total: u64) -> Option<Self> {
        (total >= BYTES_FROM).then(|| Self::add(ProgressBar::new(total).with_prefix(short(name)), BYTES))
    }

    /// Bar for `total` chunks, with a name before it.
    pub(crate) fn chunks(name: &str, total: u64) -> Self {
        Self::add(ProgressBar::new(total).with_prefix(short(name)), CHUNKS)
    }

    /// A line of text.
    pub(crate) fn text() -> Self {
        Self::add(ProgressBar::no_length(), TEXT)
    }

    fn add(bar: ProgressBar, template: &str) -> Self {
        Self(BARS.add(bar.with_style(style(template))))
    }

    /// Sets the bytes or chunks that are done.
    pub(crate) fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    /// The words beside it.
    pub(crate) fn say(&self, text: impl Into<String>) {
        self.0.set_message(text.into());
        // Updates come seldom enough to show each: were one passed over, what it said would be missing until the next.
        self.0.force_draw();
    }

    /// Shows the progress of a download: a line of text until it is known how long it will be, then a bar.
    pub(crate) fn show(&self, transfer: &TransferView) {
        let Some(size) = transfer.size.filter(|size| *size > 0) else {
            return self.say(format!("{}  {}", short(&transfer.name), doing(transfer)));
        };
        if self.0.length().is_none() {
            self.0.set_style(style(BYTES));
        }
        self.0.set_prefix(short(&transfer.name));
        self.0.set_length(size);
        self.0.set_position(transfer.work.as_ref().map_or(transfer.verified, |work| work.done));
        self.say(doing(transfer));
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is a constant").progress_chars("=> ")
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
        BARS.remove(&self.0);
    }
}

/// Words behind a download's bar: speed, time left, peers.
fn doing(transfer: &TransferView) -> String {
    let connected = transfer.peers.iter().filter(|peer| peer.connected).count();
    match transfer.state {
        TransferState::Queued => "waiting for other downloads".to_owned(),
        TransferState::Moving => "moving".to_owned(),
        TransferState::Searching => "looking for peers".to_owned(),
        TransferState::Waiting => "waiting for peers".to_owned(),
        TransferState::Checking => "checking what is on disk".to_owned(),
        _ => {
            let eta = transfer.eta.map(|eta| format!("{} left  ", clock(eta))).unwrap_or_default();
            format!("{}/s  {eta}{}", size(transfer.down_rate), count(connected, "peer"))
        }
    }
}

/// `0:07`, `12:34`, `1:02:03`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// A name that leaves room for the bar.
fn short(name: &str) -> String {
    const MAX: usize = 24;
    match name.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_reads_as_one() {
        let shown = [7, 754, 3723].map(|seconds| clock(Duration::from_secs(seconds)));
        assert_eq!(shown, ["0:07", "12:34", "1:02:03"]);
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(short("ä.pdf"), "ä.pdf");
        assert_eq!(short(&"ä".repeat(25)), format!("{}…", "ä".repeat(24)));
    }
}
