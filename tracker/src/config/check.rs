//! Sense in a configuration: what its values must be for each other.

use std::net::SocketAddr;
use std::time::Duration;

use toml::Value;

use super::access::Public;
use super::cluster::StoreKind;
use super::duration;
use super::key::keys;
use super::name;
use super::problem::Problem;
use super::tracker::Config;

/// The shortest and the longest lease that the program accepts.
const LEASES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(86_400)];

/// Upper bound of the time that the program takes to end, but for what it still has to write: whoever waits for it
/// gives up after 25 or 30 seconds.
const LONGEST_END: Duration = Duration::from_secs(20);

/// Finds what makes no sense in a configuration, although each value by itself has the right form.
pub fn problems(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    let values = config.values();
    for key in keys() {
        match key.value_in(&values) {
            Some(Value::Integer(0)) => {
                problems.push(Problem::new(&key.path(), "is 0, which would let nobody in; it is at least 1"));
            }
            Some(Value::String(text)) if text == "0s" && key.group == "server" && key.name != "drain_delay" => {
                problems.push(Problem::new(&key.path(), "is 0s, which would let nobody in"));
            }
            Some(Value::String(text)) if text.is_empty() => {
                problems.push(Problem::new(&key.path(), "is empty; leave it out instead"));
            }
            _ => {}
        }
    }
    if config.listen.is_empty() {
        problems.push(Problem::new("listen", "names no address, so nobody could reach the tracker"));
    }
    let twice = |(index, address): (usize, &SocketAddr)| {
        (address.port() != 0 && config.listen[..index].contains(address)).then(|| format!("has {address} twice"))
    };
    problems.extend(config.listen.iter().enumerate().find_map(twice).map(|reason| Problem::new("listen", reason)));
    problems
        .extend(config.names.iter().filter_map(|text| name::problem(text)).map(|reason| Problem::new("names", reason)));
    let [shortest, longest] = LEASES;
    if !(shortest..=longest).contains(&config.lease) {
        let bounds = format!("is {}; a lease is between 1s and 1d", duration::text(config.lease));
        problems.push(Problem::new("lease", bounds));
    }
    if config.limits.network_share > 100 {
        problems.push(Problem::new("limits.network_share", "is more than 100 percent"));
    }
    if config.access.public != Public::Share && config.data_dir.is_none() {
        let reason = "keeps people out who have no token, and tokens are kept in the data folder; set data_dir as well";
        problems.push(Problem::new("access.public", reason));
    }
    if config.store == StoreKind::Cluster {
        problems.extend(config.cluster.problem());
    }
    if config.server.drain_delay + config.grace > LONGEST_END {
        let ends = [config.server.drain_delay, config.grace].map(duration::text).join(" and ");
        let reason =
            format!("and server.drain_delay are {ends}; together they are at most 20s, or the tracker is killed");
        problems.push(Problem::new("grace", reason));
    }
    problems.extend(config.log.problem().map(|reason| Problem::new("log.level", reason)));
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn keys_of(change: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = Config::default();
        change(&mut config);
        problems(&config).into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        assert!(keys_of(|_| ()).is_empty());
        assert_eq!(keys_of(|config| config.limits.files = 0), ["limits.files"]);
        assert_eq!(keys_of(|config| config.server.connections = 0), ["server.connections"]);
        assert_eq!(keys_of(|config| config.server.idle_time = Duration::ZERO), ["server.idle_time"]);
        assert_eq!(keys_of(|config| config.limits.network_share = 101), ["limits.network_share"]);
        assert_eq!(keys_of(|config| config.listen.clear()), ["listen"]);
        assert_eq!(keys_of(|config| config.data_dir = Some(PathBuf::new())), ["data_dir"]);
        assert_eq!(keys_of(|config| config.log.level = "sprat=loudly".into()), ["log.level"]);
        assert_eq!(keys_of(|config| config.access.public = Public::Read), ["access.public"]);
        assert_eq!(keys_of(|config| config.grace = Duration::from_millis(20_001)), ["grace"]);
        assert!(keys_of(|config| config.grace = Duration::from_secs(20)).is_empty());
        assert_eq!(keys_of(|config| config.store = StoreKind::Cluster), ["cluster.nodes"]);
        for (lease, is_good) in [(999, false), (1000, true), (86_400_000, true), (86_400_001, false)] {
            let lease = Duration::from_millis(lease);
            assert_eq!(keys_of(|config| config.lease = lease).is_empty(), is_good, "{lease:?}");
        }
    }
}
