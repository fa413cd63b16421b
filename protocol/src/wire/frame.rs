//! Framing of a message: `u32 header length ‖ u32 payload length ‖ JSON header ‖ payload`, integers big-endian.
//!
//! The payload is not touched here: whoever reads or writes it does so straight from or to its own buffer.

use crate::wire::message::Message;

/// Bytes before the header: the two lengths.
pub const PREFIX_LEN: usize = 8;
/// The longest header, in bytes.
pub const MAX_HEADER_LEN: usize = 64 * 1024;

/// A message whose payload, if any, follows in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The message.
    pub message: Message,
    /// Number of bytes of the input that the prefix and the header took.
    pub consumed: usize,
    /// Number of bytes of payload that follow; within [`Message::max_payload`].
    pub payload_len: usize,
}

/// Appends prefix and header of a message to `out`; `payload_len` bytes of payload are to be written after them.
pub fn encode(message: &Message, payload_len: usize, out: &mut Vec<u8>) {
    debug_assert!(payload_len <= message.max_payload() as usize);
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX_LEN]);
    serde_json::to_writer(&mut *out, message).expect("a message is always JSON, and a vector takes it");
    let header_len = out.len() - start - PREFIX_LEN;
    debug_assert!(header_len <= MAX_HEADER_LEN);
    out[start..start + 4].copy_from_slice(&(header_len as u32).to_be_bytes());
    out[start + 4..start + 8].copy_from_slice(&(payload_len as u32).to_be_bytes());
}

/// Reads prefix and header from the start of `bytes`. `None` means that more bytes are needed.
///
/// # Errors
/// [`FrameError`]: the stream is no longer in step, or the other side is up to something. There is no way to go on.
pub fn decode(bytes: &[u8]) -> Result<Option<Decoded>, FrameError> {
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX_LEN>() else { return Ok(None) };
    let [h0, h1, h2, h3, p0, p1, p2, p3] = *prefix;
    let (header_len, payload_len) = (u32::from_be_bytes([h0, h1, h2, h3]), u32::from_be_bytes([p0, p1, p2, p3]));
    if header_len == 0 || header_len as usize > MAX_HEADER_LEN {
        return Err(FrameError::HeaderLength(header_len));
    }
    let Some(header) = rest.get(..header_len as usize) else { return Ok(None) };
    let message: Message = serde_json::from_slice(header).map_err(|error| FrameError::Header(error.to_string()))?;
    if payload_len > message.max_payload() {
        return Err(FrameError::PayloadLength(payload_len));
    }
    Ok(Some(Decoded { message, consumed: PREFIX_LEN + header.len(), payload_len: payload_len as usize }))
}

/// Bytes that are no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The header is empty or longer than [`MAX_HEADER_LEN`].
    #[error("a header of {0} bytes is not between 1 and {MAX_HEADER_LEN}")]
    HeaderLength(u32),
    /// The header is no message.
    #[error("the header is no message: {0}")]
    Header(String),
    /// The payload is longer than this message may have.
    #[error("a payload of {0} bytes is too long for its message")]
    PayloadLength(u32),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sprat_chunking::{ChunkSize, FileId};

    use super::*;
    use crate::PeerId;
    use crate::wire::message::{Hello, RejectReason};

    #[test]
    fn golden_bytes_of_a_frame() {
        let mut bytes = Vec::new();
        encode(&Message::Chunk { request: 9 }, 262_144, &mut bytes);
        let golden = [
            b"\x00\x00\x00\x1c".as_slice(), // header: 28 bytes
            b"\x00\x04\x00\x00",            // payload: 256 KiB, to follow
            br#"{"type":"CHUNK","request":9}"#,
        ];
        assert_eq!(bytes, golden.concat());
        let decoded = Decoded { message: Message::Chunk { request: 9 }, consumed: 36, payload_len: 262_144 };
        assert_eq!(decode(&bytes), Ok(Some(decoded)));
    }

    fn frame(header_len: u32, payload_len: u32, header: &[u8]) -> Vec<u8> {
        [&header_len.to_be_bytes(), &payload_len.to_be_bytes(), header].concat()
    }

    #[test]
    fn lengths_are_checked_before_the_header_is_there() {
        for len in [0, MAX_HEADER_LEN as u32 + 1, u32::MAX] {
            assert_eq!(decode(&frame(len, 0, b"")), Err(FrameError::HeaderLength(len)));
        }
        assert_eq!(decode(&frame(MAX_HEADER_LEN as u32, 0, b"")), Ok(None));
        let ping = br#"{"type":"PING"}"#;
        assert_eq!(decode(&frame(15, 1, ping)), Err(FrameError::PayloadLength(1)));
        let chunk = br#"{"type":"CHUNK","request":9}"#;
        let too_long = ChunkSize::MAX.bytes() + 1;
        assert_eq!(decode(&frame(28, too_long, chunk)), Err(FrameError::PayloadLength(too_long)));
    }

    #[test]
    fn a_header_that_is_no_message_is_an_error() {
        let nested = format!(r#"{{"type":"HAVE","chunks":{}"#, "[".repeat(60_000));
        for header in [b"{}".as_slice(), b"\0\0", b"[[[[", br#"{"type":"HAVE"}"#, nested.as_bytes()] {
            let decoded = decode(&frame(header.len() as u32, 0, header));
            assert!(matches!(decoded, Err(FrameError::Header(_))), "{decoded:?}");
        }
    }

    fn any_message() -> impl Strategy<Value = Message> {
        let id = any::<[u8; 32]>().prop_map(FileId::new);
        let size = (14u32..=24).prop_map(|shift| ChunkSize::new(1 << shift).unwrap());
        prop_oneof![
            (any::<u16>(), any::<[u8; 32]>(), "\\PC{0,64}", any::<u16>(), "\\PC{0,64}").prop_map(
                |(version, key, agent, port, name)| {
                    Message::Hello(Hello { version, peer_id: PeerId::new(key), agent, port, name })
                }
            ),
            (id.clone(), size.clone()).prop_map(|(file_id, chunk_size)| Message::Want { file_id, chunk_size }),
            (id.clone(), "\\PC{0,64}", any::<u64>(), size.clone(), any::<u32>(), any::<bool>()).prop_map(
                |(file_id, name, size, chunk_size, num_chunks, complete)| {
                    Message::Bitfield { file_id, name, size, chunk_size, num_chunks, complete }
                }
            ),
            (id.clone(), prop::collection::vec(any::<u32>(), 0..50))
                .prop_map(|(file_id, chunks)| Message::Have { file_id, chunks }),
            (id.clone(), size, any::<u32>(), any::<u32>()).prop_map(|(file_id, chunk_size, index, request)| {
                Message::ChunkRequest { file_id, chunk_size, index, request }
            }),
            (id, any::<Option<u32>>(), any::<Option<u32>>()).prop_map(|(file_id, request, retry_after)| {
                Message::Reject { file_id, request, reason: RejectReason::NotHere, retry_after }
            }),
            any::<u32>().prop_map(|request| Message::Cancel { request }),
            Just(Message::Pong),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_frame_is_read_as_it_was_written_and_no_sooner(message in any_message(), behind: Vec<u8>) {
            let mut bytes = Vec::new();
            encode(&message, 0, &mut bytes);
            let consumed = bytes.len();
            for cut in [0, 1, PREFIX_LEN, consumed - 1] {
                prop_assert_eq!(decode(&bytes[..cut]), Ok(None));
            }
            bytes.extend(behind);
            prop_assert_eq!(decode(&bytes), Ok(Some(Decoded { message, consumed, payload_len: 0 })));
        }

        #[test]
        fn no_input_panics(bytes: Vec<u8>, header in "[\\[\\]{}\",:a-zA-Z_0-9.-]{1,80}", payload_len: u32) {
            let _ = decode(&bytes);
            let _ = decode(&frame(header.len() as u32, payload_len, header.as_bytes()));
        }
    }
}
