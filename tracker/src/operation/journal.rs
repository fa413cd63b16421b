//! Lines for the journal of systemd: it knows the time by itself, and the weight from the number at their beginning.

use std::io;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{self, FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// A format for the journal: `<6>`, then the line. See sd-daemon(3).
pub(super) struct Journal(Format<Full, ()>);

impl Journal {
    pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
        let format = Format::default().without_time().with_ansi(false).with_level(false);
        fmt::layer().with_ansi(false).event_format(Self(format)).with_writer(io::stderr)
    }
}

impl<S, N> FormatEvent<S, N> for Journal
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        write!(writer, "<{}>", priority(*event.metadata().level()))?;
        self.0.format_event(context, writer, event)
    }
}

/// Converts a level to a priority as syslog(3) counts.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

/// Says whether standard error goes to the journal. The variable alone does not say so: programs that the service
/// starts inherit it, wherever their standard error goes. See systemd.exec(5) on `JOURNAL_STREAM`.
#[cfg(unix)]
pub(super) fn is_stderr() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let Ok(stat) = rustix::fs::fstat(io::stderr()) else { return false };
    stream == format!("{}:{}", stat.st_dev, stat.st_ino)
}

/// Says that standard error does not go to the journal: there is none on this system.
#[cfg(not(unix))]
pub(super) fn is_stderr() -> bool {
    false
}
