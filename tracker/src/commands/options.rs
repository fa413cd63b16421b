//! Command line. Every key of the configuration is a flag, and described in one place, its struct.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use sprat_tracker::access::Role;
use sprat_tracker::config::{self, Key, Sources, keys};
use url::Url;

/// Keys that are flags in the short help too, and other names that some of them go by.
const COMMON: [(&str, Option<&str>); 5] = [
    ("listen", None),
    ("names", None),
    ("lease", Some("lease-seconds")),
    ("data_dir", None),
    ("log.level", Some("log")),
];
const HEADING: &str = "Configuration, also in a file or in the environment: see `sprat-tracker config --example`";

/// Command line of the program, understood.
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
    /// Make, list and revoke the tokens of a private network
    ///
    /// A token lets its holder use a tracker whose `access.public` is "read" or "none", or administrate any. It is kept
    /// as a hash in the data folder, and a running tracker notices a change within a second. Run this as the user that
    /// the tracker runs as, or as root.
    Token {
        #[command(subcommand)]
        action: TokenAction,
    },
    /// Copy the names of files into one new file, also while the tracker runs
    ///
    /// `restore` brings it back. Who holds what is not in it: peers say so again by themselves.
    Backup {
        /// The file to write; there must be none of this name yet
        file: PathBuf,
    },
    /// Put the names of files back from a backup, while no tracker runs
    ///
    /// The backup is looked at as a whole first; if it cannot be used, nothing changes. What was there before goes, with all
    /// that a crash may have left beside it. Run this as the user that the tracker runs as, or as root.
    Restore {
        /// The backup, made by `backup`
        file: PathBuf,
    },
    /// Look at all names of files in the data folder, also while the tracker runs: ends with 0 if all is well
    CheckCatalogue,
    /// Ask a tracker whether it is healthy: ends with 0 if it is, with 1 if not
    ///
    /// Looks at /readyz, and asks for a file as peers do. Prints one line.
    Check {
        /// The tracker, such as http://127.0.0.1:5000
        #[arg(value_parser = http_url)]
        url: Url,
        /// A file with the token for a private tracker; without one it is only looked at /readyz there
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
        /// Time to wait for an answer
        #[arg(long, value_name = "TIME", default_value = "5s", value_parser = config::parse_duration)]
        timeout: Duration,
    },
}

#[derive(Subcommand)]
pub(crate) enum TokenAction {
    /// Make a token and print it: this is the only time that anybody sees it
    ///
    /// Its holder stores it with `sprat login TRACKER`, which asks for it.
    Create {
        /// Name of the token: whose it is, or what for
        name: String,
        /// Role of the token: to ask and search, to share as well, or to administrate as well
        #[arg(long, value_name = "read|share|admin", value_parser = role)]
        role: Role,
        /// Time until the token ends, counted from now, such as 90d; without this it never does
        #[arg(long, value_name = "TIME", value_parser = config::parse_duration)]
        expires: Option<Duration>,
    },
    /// Print all tokens, without the tokens themselves
    List,
    /// Make a token good for nothing, at once
    Revoke {
        /// Name of the token
        name: String,
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
    let with_data_dir = |command: clap::Command| {
        command.args(keys().filter(|key| key.path() == "data_dir").map(|key| flag(key).global(true)))
    };
    with_keys(Arguments::command())
        .mut_subcommand("run", with_keys)
        .mut_subcommand("config", with_keys)
        .mut_subcommand("token", with_data_dir)
        .mut_subcommand("backup", with_data_dir)
        .mut_subcommand("restore", with_data_dir)
        .mut_subcommand("check-catalogue", with_data_dir)
}

fn role(text: &str) -> Result<Role, String> {
    let roles = [Role::Read, Role::Share, Role::Admin];
    roles.into_iter().find(|role| role.to_string() == text).ok_or_else(|| "a role is read, share or admin".to_owned())
}

fn http_url(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("{error}; an address begins with http:// or https://"))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err("the address of a tracker has neither a user, nor what follows a ? or a #".to_owned());
    }
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(format!("{other} is not http or https")),
    }
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
    let own = keys().filter_map(given).filter(|(key, _)| !of_command.iter().any(|(other, _)| other == key));
    own.chain(of_command.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_flags_collide() {
        command().debug_assert();
    }

    #[test]
    fn what_the_tokens_need_is_a_flag_there_too() {
        for arguments in [["token", "--data-dir", "x", "list"], ["token", "list", "--data-dir", "x"]] {
            let matches = command().try_get_matches_from([&["sprat-tracker"], &arguments[..]].concat()).unwrap();
            assert_eq!(flags(&matches).len(), 1, "{arguments:?}");
        }
        assert!(command().try_get_matches_from(["sprat-tracker", "token", "list", "--lease", "x"]).is_err());
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
