//! What stands on the command line. Every key of the configuration is a flag, and described in one place, its struct.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use sprat_tracker::config::{Key, Sources, keys};

/// Keys that are flags in the short help too, and other names that some of them go by.
const COMMON: [(&str, Option<&str>); 5] = [
    ("listen", None),
    ("names", None),
    ("lease", Some("lease-seconds")),
    ("data_dir", None),
    ("log.level", Some("log")),
];
const HEADING: &str = "Configuration, also in a file or in the environment: see `sprat-tracker config --example`";

/// What the program is asked to do.
pub(crate) struct Options {
    pub(crate) command: Command,
    pub(crate) sources: Sources,
}

/// The tracker of Sprat: it knows who holds which file.
#[derive(Parser)]
#[command(version, disable_help_subcommand = true)]
struct Arguments {
    /// The configuration file; /etc/sprat/tracker.toml if that exists
    #[arg(long, global = true, value_name = "FILE", env = "SPRAT_TRACKER_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Be the tracker, until SIGTERM or SIGINT; this is what happens without a command as well
    Run,
    /// Print what is in force and where each value comes from, or an example
    ///
    /// Reads the file, the environment and the flags as `run` does, and prints every key with its value and its
    /// origin. If something is wrong it says what, and ends with 2: a check before a restart.
    Config {
        /// Print a file with every key, its meaning and its default instead
        #[arg(long)]
        example: bool,
    },
}

impl Options {
    /// Reads the command line. Where that makes no sense, or asks for help, the program ends here.
    pub(crate) fn parse() -> Self {
        let matches = command().get_matches();
        let Arguments { config, command } = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        let environment = std::env::vars_os();
        let environment =
            environment.filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)));
        let sources = Sources { file: config, environment: environment.collect(), flags: flags(&matches) };
        Self { command: command.unwrap_or(Command::Run), sources }
    }
}

fn command() -> clap::Command {
    let with_keys = |command: clap::Command| command.args(keys().map(flag));
    with_keys(Arguments::command()).mut_subcommand("run", with_keys).mut_subcommand("config", with_keys)
}

/// The flag that sets a key.
fn flag(key: Key) -> Arg {
    let path = key.path();
    let common = COMMON.iter().find(|(common, _)| *common == path);
    let default = key.default().map_or_else(String::new, |value| format!(" [default: {value}]"));
    let about = key.about.replace('\n', " ");
    Arg::new(path)
        .long(key.flag())
        .visible_aliases(common.and_then(|(_, alias)| *alias))
        .help(format!("{about} [env: {}]{default}", key.variable()))
        .help_heading(HEADING)
        .hide_short_help(common.is_none())
        .value_name("VALUE")
        .allow_hyphen_values(true)
        .action(ArgAction::Append)
}

/// The flags that were given, to the program or to its command.
fn flags(matches: &ArgMatches) -> Vec<(Key, Vec<String>)> {
    let given = |key: Key| {
        let texts = matches.try_get_many::<String>(&key.path()).ok().flatten()?;
        Some((key, texts.cloned().collect()))
    };
    let of_command = matches.subcommand().map_or_else(Vec::new, |(_, matches)| flags(matches));
    keys().filter_map(given).chain(of_command).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_flags_collide() {
        command().debug_assert();
    }

    #[test]
    fn every_key_is_a_flag_before_and_after_the_command() {
        for key in keys() {
            let flag = format!("--{}", key.flag());
            for arguments in [vec!["sprat-tracker", &flag, "x"], vec!["sprat-tracker", "run", &flag, "x"]] {
                let matches = command().try_get_matches_from(arguments).unwrap();
                assert_eq!(flags(&matches), [(key, vec!["x".to_owned()])]);
            }
        }
        let matches = command().try_get_matches_from(["sprat-tracker", "--log", "a", "--lease-seconds", "b"]).unwrap();
        let names: Vec<String> = flags(&matches).iter().map(|(key, _)| key.path()).collect();
        assert_eq!(names, ["lease", "log.level"]);
    }
}
