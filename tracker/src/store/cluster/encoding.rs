//! Encoding of what is kept in the cluster: the place of a peer, and the layout of a file.

use std::net::{IpAddr, SocketAddr};

use sprat_chunking::{ChunkSize, Layout};

use crate::model::contact::Contact;

/// Place of a peer: its contact, and the result of the tracker's call to it.
///
/// In bytes: `reachable ‖ observed ‖ declared…`, where reachable is `?`, `+` or `-` and each address is `4 ‖ IPv4 ‖ port` or
/// `6 ‖ IPv6 ‖ port`, big-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Whereabouts {
    pub(super) contact: Contact,
    pub(super) reachable: Option<bool>,
}

impl Whereabouts {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![match self.reachable {
            None => b'?',
            Some(true) => b'+',
            Some(false) => b'-',
        }];
        // Who is at the peer's own address is told everything: what was observed first, then what was declared.
        for address in self.contact.addresses_for(self.contact.observed()) {
            put_address(&mut bytes, address);
        }
        bytes
    }

    /// Counts the bytes of the observed address.
    pub(super) fn observed_len(&self) -> usize {
        if self.contact.observed().is_ipv4() { 7 } else { 19 }
    }

    /// Reads such bytes; none if these are others.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&flag, mut rest) = bytes.split_first()?;
        let reachable = match flag {
            b'?' => None,
            b'+' => Some(true),
            b'-' => Some(false),
            _ => return None,
        };
        let observed = take_address(&mut rest)?;
        let mut declared = Vec::new();
        while !rest.is_empty() {
            declared.push(take_address(&mut rest)?);
        }
        Some(Self { contact: Contact::new(observed.ip(), observed.port(), &declared), reachable })
    }
}

/// A layout in bytes: length and chunk size, big-endian.
pub(super) fn layout_to_bytes(layout: Layout) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&layout.len().to_be_bytes());
    bytes[8..].copy_from_slice(&layout.chunk_size().bytes().to_be_bytes());
    bytes
}

/// Reads the bytes of a layout; none if these are others.
pub(super) fn layout_from_bytes(bytes: &[u8]) -> Option<Layout> {
    let (len, chunk_size) = bytes.split_first_chunk()?;
    let chunk_size = ChunkSize::new(u32::from_be_bytes(chunk_size.try_into().ok()?)).ok()?;
    Layout::new(u64::from_be_bytes(*len), chunk_size).ok()
}

fn put_address(bytes: &mut Vec<u8>, address: SocketAddr) {
    match address.ip() {
        IpAddr::V4(ip) => {
            bytes.push(b'4');
            bytes.extend_from_slice(&ip.octets());
        }
        IpAddr::V6(ip) => {
            bytes.push(b'6');
            bytes.extend_from_slice(&ip.octets());
        }
    }
    bytes.extend_from_slice(&address.port().to_be_bytes());
}

fn take_address(bytes: &mut &[u8]) -> Option<SocketAddr> {
    let ip: IpAddr = match take(bytes)? {
        [b'4'] => take::<4>(bytes)?.into(),
        [b'6'] => take::<16>(bytes)?.into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_be_bytes(take(bytes)?)))
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(observed: &str, declared: &[&str], reachable: Option<bool>) -> Whereabouts {
        let declared: Vec<SocketAddr> = declared.iter().map(|address| address.parse().unwrap()).collect();
        Whereabouts { contact: Contact::new(observed.parse().unwrap(), 4000, &declared), reachable }
    }

    #[test]
    fn a_place_is_written_as_it_is_read() {
        let near = place("203.0.113.5", &["192.168.1.20:4001"], Some(false));
        let golden = b"-4\xcb\x00\x71\x05\x0f\xa04\xc0\xa8\x01\x14\x0f\xa1";
        assert_eq!(near.to_bytes(), golden);
        for place in [near, place("2001:db8::1", &[], None), place("127.0.0.1", &["[2001:db8::1]:1"], Some(true))] {
            let bytes = place.to_bytes();
            assert_eq!(Whereabouts::from_bytes(&bytes), Some(place.clone()));
            let prefix = &bytes[..=place.observed_len()];
            assert_eq!(Whereabouts::from_bytes(prefix).unwrap().contact.observed(), place.contact.observed());
            assert_eq!(Whereabouts::from_bytes(&bytes[..bytes.len() - 1]), None);
        }
    }

    #[test]
    fn a_layout_is_written_as_it_is_read() {
        let layout = Layout::new(300_000, ChunkSize::DEFAULT).unwrap();
        assert_eq!(layout_to_bytes(layout), [0, 0, 0, 0, 0, 4, 0x93, 0xe0, 0, 4, 0, 0]);
        assert_eq!(layout_from_bytes(&layout_to_bytes(layout)), Some(layout));
        assert_eq!(layout_from_bytes(&[0; 12]), None);
        assert_eq!(layout_from_bytes(&[0; 11]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = layout_from_bytes(&bytes);
            let place = Whereabouts::from_bytes(&bytes);
            prop_assert!(place.is_none_or(|place| Whereabouts::from_bytes(&place.to_bytes()).as_ref() == Some(&place)));
        }
    }
}
