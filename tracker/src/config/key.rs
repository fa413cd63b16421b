//! All keys, taken from the structs that have them as fields.

use documented::{Documented, DocumentedFields};
use toml::{Table, Value};

use super::access::AccessConfig;
use super::catalogue::CatalogueConfig;
use super::cluster::ClusterConfig;
use super::limits::Limits;
use super::server::ServerConfig;
use super::tracker::Config;
use crate::operation::logs::LogConfig;

/// One value that an operator can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The table of the file that it is in; empty at the top.
    pub group: &'static str,
    /// Its name in that table.
    pub name: &'static str,
    /// Meaning of the key, for people, in lines.
    pub about: &'static str,
}

/// A table of the file.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    names: &'static [&'static str],
    abouts: &'static [&'static str],
}

/// The tables of the file: one for each field of [`Config`] that is a struct.
pub(super) const GROUPS: [Group; 6] = [
    group::<ServerConfig>("server"),
    group::<Limits>("limits"),
    group::<CatalogueConfig>("catalogue"),
    group::<ClusterConfig>("cluster"),
    group::<AccessConfig>("access"),
    group::<LogConfig>("log"),
];

const fn group<T: Documented + DocumentedFields>(name: &'static str) -> Group {
    Group { name, about: T::DOCS, names: T::FIELD_NAMES, abouts: T::FIELD_DOCS }
}

/// All keys, in the order of the structs.
pub fn keys() -> impl Iterator<Item = Key> {
    let top = Group { name: "", ..group::<Config>("") };
    let is_group = |key: &Key| key.group.is_empty() && GROUPS.iter().any(|group| group.name == key.name);
    top.keys().filter(move |key| !is_group(key)).chain(GROUPS.iter().flat_map(Group::keys))
}

impl Group {
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> + use<> {
        let group = self.name;
        let fields = self.names.iter().zip(self.abouts);
        fields.map(move |(name, about)| Key { group, name, about })
    }
}

impl Key {
    /// Names the key as people do: `limits.files`.
    pub fn path(&self) -> String {
        self.join(".")
    }

    /// Names the key as a flag, without the dashes before it: `limits-files`.
    pub fn flag(&self) -> String {
        self.join("-").replace('_', "-")
    }

    /// Names the key as a variable of the environment: `SPRAT_TRACKER_LIMITS_FILES`.
    pub fn variable(&self) -> String {
        format!("{VARIABLES}{}", self.join("_").to_uppercase())
    }

    /// An example, for a key that is not set unless somebody does: the last code in its description, which is TOML.
    pub(super) fn sample(&self) -> Option<&'static str> {
        self.about.rsplit('`').nth(1)
    }

    /// Its value among these.
    pub(super) fn value_in<'a>(&self, values: &'a Table) -> Option<&'a Value> {
        match self.group {
            "" => values.get(self.name),
            group => values.get(group)?.get(self.name),
        }
    }

    /// Sets its value among these.
    pub(super) fn put(&self, values: &mut Table, value: Value) {
        let table = match self.group {
            "" => values,
            group => match values.entry(group).or_insert_with(|| Table::new().into()) {
                Value::Table(table) => table,
                other => unreachable!("only keys are put, and {group} is {other}"),
            },
        };
        table.insert(self.name.to_owned(), value);
    }

    /// Says whether the value is a list.
    pub(super) fn is_list(&self) -> bool {
        self.default().is_some_and(|value| value.is_array())
    }

    /// Says whether the value is a number of things.
    pub(super) fn is_count(&self) -> bool {
        self.default().is_some_and(|value| value.is_integer())
    }

    /// Its value if nobody sets it.
    pub fn default(&self) -> Option<Value> {
        self.value_in(&Config::default().values()).cloned()
    }

    /// Checks that the type of the key accepts this value.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check(&self, value: &Value) -> Result<(), String> {
        let mut values = Table::new();
        self.put(&mut values, value.clone());
        values.try_into::<Config>().map(drop).map_err(|error| error.message().to_owned())
    }

    fn join(&self, separator: &str) -> String {
        match self.group {
            "" => self.name.to_owned(),
            group => format!("{group}{separator}{}", self.name),
        }
    }
}

/// Beginning of all variables.
pub(super) const VARIABLES: &str = "SPRAT_TRACKER_";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every value of the defaults is a key; what is not set by default is one as well, by its own test.
    #[test]
    fn every_field_is_a_key() {
        let mut paths: BTreeSet<String> = keys().map(|key| key.path()).collect();
        assert_eq!(paths.len(), keys().count());
        for (name, value) in Config::default().values() {
            match value {
                Value::Table(table) => {
                    assert!(GROUPS.iter().any(|group| group.name == name), "{name} is missing in GROUPS");
                    table.keys().for_each(|key| assert!(paths.remove(&format!("{name}.{key}")), "{name}.{key}"));
                }
                _ => assert!(paths.remove(&name), "{name}"),
            }
        }
        let unset = keys().filter(|key| paths.contains(&key.path()));
        unset.for_each(|key| assert!(key.sample().is_some(), "{} is not set and has no example", key.path()));
    }

    #[test]
    fn no_two_keys_have_one_name() {
        let flags: BTreeSet<String> = keys().map(|key| key.flag()).collect();
        let variables: BTreeSet<String> = keys().map(|key| key.variable()).collect();
        assert_eq!((flags.len(), variables.len()), (keys().count(), keys().count()));
        let key = keys().find(|key| key.name == "files_per_peer").unwrap();
        assert_eq!((key.path().as_str(), key.flag().as_str()), ("limits.files_per_peer", "limits-files-per-peer"));
        assert_eq!(key.variable(), "SPRAT_TRACKER_LIMITS_FILES_PER_PEER");
    }

    #[test]
    fn descriptions_are_for_people_who_see_no_code() {
        for key in keys() {
            assert!(!key.about.contains("[`") && !key.about.contains("::"), "{}: {}", key.path(), key.about);
            assert!(key.about.ends_with('.'), "{}", key.path());
        }
    }
}
