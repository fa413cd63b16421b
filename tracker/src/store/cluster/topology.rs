//! Topology of the cluster: the server of each slot.

use std::sync::Arc;

use redis::Value;

use super::node::Node;

/// Number of slots of a cluster.
pub(super) const SLOTS: u16 = 16384;
/// Checksum by which slots are counted; the specification of the cluster calls it XMODEM.
const CRC: crc::Crc<u16> = crc::Crc::<u16>::new(&crc::CRC_16_XMODEM);

/// The slot of a key with this hash tag.
pub(super) fn slot_of(tag: &str) -> u16 {
    CRC.checksum(tag.as_bytes()) % SLOTS
}

/// Topology of the cluster, as one of the servers told it.
#[derive(Debug, Default)]
pub(super) struct Topology {
    primaries: Vec<Arc<Node>>,
    /// Number of the primary that serves each slot.
    owners: Vec<Option<usize>>,
}

impl Topology {
    /// The topology of these ranges. `node` names the server at an address.
    pub(super) fn new(ranges: &[Range], mut node: impl FnMut(&str, u16) -> Arc<Node>) -> Self {
        let mut primaries: Vec<Arc<Node>> = Vec::new();
        let mut owners = vec![None; usize::from(SLOTS)];
        for Range { first, last, host, port } in ranges {
            let primary = node(host, *port);
            let number = primaries.iter().position(|known| Arc::ptr_eq(known, &primary)).unwrap_or_else(|| {
                primaries.push(primary);
                primaries.len() - 1
            });
            owners[usize::from(*first)..=usize::from(*last)].fill(Some(number));
        }
        Self { primaries, owners }
    }

    /// The server that serves this slot, if one does.
    pub(super) fn owner(&self, slot: u16) -> Option<&Arc<Node>> {
        self.owners.get(usize::from(slot)).copied().flatten().map(|number| &self.primaries[number])
    }

    /// Says whether it is known of every slot who serves it.
    pub(super) fn is_whole(&self) -> bool {
        !self.owners.is_empty() && self.owners.iter().all(Option::is_some)
    }

    /// The servers that serve a slot.
    pub(super) fn primaries(&self) -> &[Arc<Node>] {
        &self.primaries
    }
}

/// Slots one after another that one primary serves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Range {
    first: u16,
    last: u16,
    host: String,
    port: u16,
}

/// Reads a server's answer to CLUSTER SLOTS: `[first, last, [host, port, …], replicas…]` for each range. Where it knows
/// no name for itself it is the one that was `asked`. Ranges are sorted; those that make no sense are left out.
pub(super) fn parse_slots(answer: Value, asked: &str) -> Vec<Range> {
    let Value::Array(ranges) = answer else { return Vec::new() };
    let mut ranges: Vec<Range> = ranges.into_iter().filter_map(|range| parse_range(range, asked)).collect();
    ranges.sort();
    ranges
}

fn parse_range(range: Value, asked: &str) -> Option<Range> {
    let Value::Array(range) = range else { return None };
    let [first, last, Value::Array(primary), ..] = range.as_slice() else { return None };
    let [host, port, ..] = primary.as_slice() else { return None };
    let host: Option<String> = redis::from_redis_value_ref(host).ok()?;
    let host = host.filter(|host| !host.is_empty()).unwrap_or_else(|| asked.to_owned());
    let (first, last, port) = (parse_number(first)?, parse_number(last)?, parse_number(port)?);
    (first <= last && last < SLOTS && host != "?").then_some(Range { first, last, host, port })
}

/// A number that fits.
fn parse_number(value: &Value) -> Option<u16> {
    let Value::Int(number) = value else { return None };
    u16::try_from(*number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn range(first: i64, last: i64, host: Value, port: i64) -> Value {
        let server = |port| Value::Array(vec![host.clone(), Value::Int(port), text("id"), Value::Array(vec![])]);
        Value::Array(vec![Value::Int(first), Value::Int(last), server(port), server(port + 1)])
    }

    #[test]
    fn slots_are_those_of_the_specification() {
        // "Keys distribution model" in the cluster specification: CRC16 of "123456789" is 0x31C3.
        assert_eq!(slot_of("123456789"), 0x31C3 % SLOTS);
        assert_eq!(slot_of(""), 0);
    }

    #[test]
    fn a_slot_belongs_to_who_is_named_first() {
        let answer = Value::Array(vec![
            range(100, 100, text(""), 7001),
            range(0, 99, text("10.0.0.1"), 7000),
            range(101, 16383, text("10.0.0.1"), 7000),
        ]);
        let ranges = parse_slots(answer, "asked");
        assert_eq!(ranges.len(), 3);
        let mut nodes: Vec<Arc<Node>> = Vec::new();
        let topology = Topology::new(&ranges, |host, port| {
            let known = nodes.iter().find(|node| node.to_string() == format!("{host}:{port}")).cloned();
            known.unwrap_or_else(|| {
                nodes.push(Arc::new(Node::new(host.to_owned(), port)));
                nodes[nodes.len() - 1].clone()
            })
        });
        let owner = |slot| topology.owner(slot).map(ToString::to_string);
        assert_eq!(owner(0), Some("10.0.0.1:7000".into()));
        assert_eq!(owner(100), Some("asked:7001".into()));
        assert_eq!(owner(16383), Some("10.0.0.1:7000".into()));
        assert_eq!((owner(SLOTS), topology.primaries().len()), (None, 2));
        let some = Topology::new(&ranges[1..], |_, port| Arc::new(Node::new("a".into(), port)));
        assert!(topology.is_whole() && !some.is_whole() && !Topology::default().is_whole());
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        for nonsense in [
            Value::Nil,
            range(5, 4, text("a"), 1),
            range(0, 16384, text("a"), 1),
            range(0, -1, text("a"), 1),
            range(0, 1, text("?"), 1),
            range(0, 1, text("a"), 65536),
            Value::Array(vec![Value::Int(0), Value::Int(1)]),
            Value::Array(vec![Value::Int(0), Value::Int(1), Value::Array(vec![])]),
        ] {
            assert_eq!(parse_slots(Value::Array(vec![nonsense]), "asked"), []);
        }
        assert_eq!(parse_slots(Value::Okay, "asked"), []);
    }
}
