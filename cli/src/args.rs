//! The commands and their options. The comments here are the help texts, and these are the manual.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use sprat_peer::{EngineConfig, Tokens};
use sprat_protocol::PeerAddr;
use url::Url;

use crate::config::tracker_url;

/// Share files by ID, and fetch them from many peers at once. Every byte is verified.
#[derive(Debug, Parser)]
#[command(name = "sprat", version, propagate_version = true, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// Log lines that go to stderr: error, warn, info, debug, trace, or a filter such as sprat_peer=debug
    ///
    /// Without it the environment variable RUST_LOG counts, and without that "warn".
    #[arg(long, global = true, value_name = "FILTER", help_heading = "General")]
    pub(crate) log: Option<String>,
    /// Command to carry out.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  sprat demo                        see a whole swarm at work on this machine
  sprat share film.mkv              share a file; prints the line to send to a friend
  sprat get 'sprat:5f0c…?name=…'    fetch it

Exit codes:
  0 done   1 failed   2 wrong usage   3 unknown ID, or nobody has it   130 interrupted

Environment:
  SPRAT_TRACKER    trackers to use, separated by spaces
  RUST_LOG         as --log

Configuration file, for instance ~/.config/sprat/config.toml:
  tracker = \"http://tracker.example:5000\"      # or a list of such
  download_dir = \"~/Downloads\"";

/// Commands of `sprat`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Share(ShareArgs),
    Get(GetArgs),
    Search(SearchArgs),
    Id(IdArgs),
    Verify(VerifyArgs),
    Login(LoginArgs),
    Logout(LogoutArgs),
    Demo(DemoArgs),
}

impl Command {
    /// Returns true if the command writes JSON lines.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Share(args) => args.json,
            Self::Get(args) => args.json,
            Self::Search(args) => args.json,
            Self::Id(_) | Self::Verify(_) | Self::Login(_) | Self::Logout(_) | Self::Demo(_) => false,
        }
    }
}

/// Trackers to use.
#[derive(Debug, Args)]
pub(crate) struct TrackerArgs {
    /// A tracker to use; may be given more than once
    ///
    /// Without it SPRAT_TRACKER counts, then the configuration file, then http://127.0.0.1:5000.
    #[arg(long = "tracker", value_name = "URL", value_parser = tracker_url)]
    pub(crate) trackers: Vec<Url>,
}

/// Options of commands that run an engine.
#[derive(Debug, Args)]
pub(crate) struct EngineArgs {
    /// Address to listen at for other peers; port 0 means any free port
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:0", value_parser = listen_addr)]
    pub(crate) listen: SocketAddr,
    /// Keep this peer's identity here, so that it is the same peer next time
    ///
    /// Without it the peer is a new one each time. A download that was stopped goes on in either case.
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Send no more than so many bytes a second, all peers together; K, M and G count in 1024s, as in 500K
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(crate) upload_limit: Option<NonZeroU32>,
    /// Receive no more than so many bytes a second, all peers together; K, M and G count in 1024s, as in 500K
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(crate) download_limit: Option<NonZeroU32>,
}

impl EngineArgs {
    /// The configuration of an engine on this state directory.
    pub(crate) fn config(&self, state_dir: &Path, trackers: Vec<Url>, tokens: Tokens) -> EngineConfig {
        let mut config = EngineConfig::new(state_dir, ".");
        (config.listen, config.trackers, config.tokens) = (self.listen, trackers, tokens);
        (config.limits.upload_rate, config.limits.download_rate) = (self.upload_limit, self.download_limit);
        config
    }
}

/// Share files and folders until Ctrl-C
///
/// Each is hashed where it lies and served from there; nothing is copied. For each, its ID, its link and the line to send
/// to a friend are printed. A folder has one ID for all that is in it; links in it are not followed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sprat share film.mkv notes.pdf photos/
  sprat share film.mkv --tracker http://tracker.example:5000
  sprat share film.mkv --lan        no tracker anywhere: serve one to this network

When no tracker is configured and none runs on this machine, one is started inside this command.")]
pub(crate) struct ShareArgs {
    /// The files and folders to share
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) trackers: TrackerArgs,
    /// Serve this network: links carry an address that others on it can reach
    ///
    /// The tracker that is started where none is configured then answers everybody on this network, not this machine
    /// only.
    #[arg(long)]
    pub(crate) lan: bool,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    /// Print one JSON object a line, and nothing else, on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// Fetch a file or folder by its ID or its link
///
/// It is fetched from everybody who has it, at once, and is in place only when every byte was verified. Its path
/// is printed. What is there already is never overwritten: the new file gets a number beside its name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sprat get 'sprat:5f0c…?name=film.mkv&tracker=http://tracker.example:5000'
  sprat get 5f0c… --tracker http://tracker.example:5000 --output ~/films/
  sprat get 5f0c… --peer 192.168.1.20:4000      no tracker needed

A download that was stopped, or even killed, goes on where it was when the same command is run again.
Put a link between quotes, or the shell reads the & in it.")]
pub(crate) struct GetArgs {
    /// A file ID (64 letters and digits) or a sprat: link
    #[arg(value_name = "ID-OR-LINK")]
    pub(crate) link: String,
    #[command(flatten)]
    pub(crate) trackers: TrackerArgs,
    /// A peer that has the file, besides those that trackers name; may be given more than once
    #[arg(long = "peer", value_name = "HOST:PORT")]
    pub(crate) peers: Vec<PeerAddr>,
    /// Save as this file, or into this folder under the file's own name
    ///
    /// A folder is one that exists, or ends in a slash; then it is made. Without it, the configuration file's
    /// download_dir, or else the current folder.
    #[arg(long, short, value_name = "FILE-OR-DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Fetch the file from its beginning to its end, to use it before all of it is there
    ///
    /// A swarm does better without it, since then everybody has the same part of the file.
    #[arg(long)]
    pub(crate) sequential: bool,
    /// Go on serving the file to others when it is complete, until Ctrl-C
    #[arg(long)]
    pub(crate) seed: bool,
    /// Give up after so long without any progress
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    /// Print one JSON object a line, and nothing else, on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// Find files by the words in their names
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sprat search big bunny")]
pub(crate) struct SearchArgs {
    /// Words that the name must contain, all of them, in any order
    #[arg(required = true, value_name = "WORDS")]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) trackers: TrackerArgs,
    /// Page of the answer to show
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) page: u32,
    /// Print one JSON object a line, and nothing else, on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print the IDs of files and folders
///
/// One line a file: its ID, two spaces, its path, as sha256sum does.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sprat id *.iso")]
pub(crate) struct IdArgs {
    /// The files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Check that a file or folder is the one with this ID
///
/// Exits with 0 if it is, and with 1 if it is not.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sprat verify 5f0c… film.mkv")]
pub(crate) struct VerifyArgs {
    /// A file ID (64 letters and digits) or a sprat: link
    #[arg(value_name = "ID")]
    pub(crate) link: String,
    /// The file or folder
    pub(crate) path: PathBuf,
}

/// Store the token of a private tracker
///
/// Asks for the token without showing it, or reads it from standard input if that is no terminal; tries it out; and
/// keeps it in a file that only you can read. From then on share, get and search show it to that tracker, and to no
/// other. Whoever runs the tracker makes tokens with `sprat-tracker token create`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sprat login https://tracker.example\n  sprat login tracker.example:5000 < token.txt"
)]
pub(crate) struct LoginArgs {
    /// The tracker, as you name it elsewhere
    #[arg(value_name = "TRACKER", value_parser = tracker_url)]
    pub(crate) tracker: Url,
}

/// Forget the token of a private tracker
#[derive(Debug, Args)]
pub(crate) struct LogoutArgs {
    /// The tracker, as it was named to `sprat login`
    #[arg(value_name = "TRACKER", value_parser = tracker_url)]
    pub(crate) tracker: Url,
}

/// See a whole swarm at work on this machine
///
/// Starts a tracker, three seeders and one downloader in this process, which talk over real TCP connections; stops one
/// seeder on the way; checks the result with separate code; and saves it in downloads/ in the current folder.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sprat demo\n  sprat demo film.mkv")]
pub(crate) struct DemoArgs {
    /// The file to share and fetch; by default the sprat program itself
    pub(crate) file: Option<PathBuf>,
}

fn listen_addr(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "an address to listen on looks like 0.0.0.0:4000 or [::]:4000; port 0 means any".to_owned())
}

fn rate(text: &str) -> Result<NonZeroU32, String> {
    let split = text.len() - usize::from(text.ends_with(['K', 'M', 'G', 'k', 'm', 'g']));
    let (number, unit) = text.split_at(split);
    let factor = match unit.to_ascii_uppercase().as_str() {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        _ => 1 << 30,
    };
    let bytes = number.parse::<u32>().ok().and_then(|number| number.checked_mul(factor)).and_then(NonZeroU32::new);
    bytes.ok_or_else(|| "a rate is a number of bytes a second, such as 500K or 10M, and less than 4G".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds > 0.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "a time-out is a number of seconds above 0, such as 30".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn get_has_its_defaults() {
        let Command::Get(args) = parse("sprat get ab").unwrap().command else { panic!("not get") };
        assert_eq!(args.timeout, Duration::from_secs(30));
        assert_eq!(args.engine.listen, "0.0.0.0:0".parse().unwrap());
        assert!(
            args.trackers.trackers.is_empty() && args.output.is_none() && !args.sequential && !args.seed && !args.json
        );
    }

    #[test]
    fn options_may_be_repeated_and_stand_anywhere() {
        let line =
            "sprat --log info get --tracker a:1 ab --tracker http://b:2 --peer box:3 --peer [::1]:4 --timeout 0.5";
        let Command::Get(args) = parse(line).unwrap().command else { panic!("not get") };
        assert_eq!((args.trackers.trackers.len(), args.peers.len()), (2, 2));
        assert_eq!(args.timeout, Duration::from_millis(500));
        let Command::Search(args) = parse("sprat search big bunny --json").unwrap().command else {
            panic!("not search")
        };
        assert_eq!((args.words.len(), args.page, args.json), (2, 1, true));
    }

    #[test]
    fn a_rate_counts_in_1024s() {
        for (text, bytes) in [("7", 7), ("500k", 500 * 1024), ("8M", 8 << 20), ("3G", 3 << 30)] {
            assert_eq!(rate(text).map(NonZeroU32::get), Ok(bytes));
        }
    }

    #[test]
    fn wrong_values_are_refused_with_what_is_right() {
        for (line, word) in [
            ("sprat get ab --tracker ftp://x", "http://tracker.example:5000"),
            ("sprat get ab --peer box", "192.168.1.20:4000"),
            ("sprat get ab --timeout -1", "unexpected argument"),
            ("sprat get ab --timeout 0", "number of seconds"),
            ("sprat get ab --timeout 1e300", "number of seconds"),
            ("sprat get ab --listen 4000", "0.0.0.0:4000"),
            ("sprat get ab --upload-limit 0", "500K"),
            ("sprat get ab --upload-limit 4G", "500K"),
            ("sprat get ab --upload-limit M", "500K"),
            ("sprat get ab --download-limit fast", "500K"),
            ("sprat search x --page 0", "0 is not in"),
            ("sprat share", "required"),
            ("sprat reboot", "unrecognized subcommand"),
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
            assert!(error.to_string().contains(word), "{line}: {error}");
        }
    }
}
