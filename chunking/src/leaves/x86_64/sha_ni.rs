//! Two leaves at once with the SHA extensions: a round waits for the one before it, and meanwhile the other leaf's can be
//! under way.
//!
//! `sprat-bench share` shows what that buys: a quarter to a half on top of one leaf after another.

use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi32, _mm_loadu_si128, _mm_set_epi32, _mm_sha256msg1_epu32,
    _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32,
};

use super::message::{Block, INITIAL, MESSAGE_BLOCKS, MessageBlock, ROUND_CONSTANTS, digest, message_block};
use crate::hash::Hash;

/// One leaf on its way: the words A, B, E, F and C, D, G, H of the state, each from the highest to the lowest, as the
/// instructions want them.
#[derive(Clone, Copy)]
struct State {
    abef: __m128i,
    cdgh: __m128i,
}

/// The leaf hashes of these blocks; none where the processor cannot.
#[expect(unsafe_code, reason = "a quarter to a half faster, see sprat-bench share")]
pub(super) fn leaf_hashes(blocks: &[Block; 2]) -> Option<[Hash; 2]> {
    let supported = is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1");
    // SAFETY: the processor has the features that the function needs (SSE4.1 includes SSSE3), and it needs nothing else.
    supported.then(|| unsafe { hash(blocks) })
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn hash([one, two]: &[Block; 2]) -> [Hash; 2] {
    let [a, b, c, d, e, f, g, h] = INITIAL.map(|word| word as i32);
    let initial = State { abef: _mm_set_epi32(a, b, e, f), cdgh: _mm_set_epi32(c, d, g, h) };
    let mut states = [initial; 2];
    for number in 0..MESSAGE_BLOCKS {
        let words = [words(&message_block(one, number)), words(&message_block(two, number))];
        compress(&mut states, words);
    }
    states.map(|state| finish(state))
}

/// FIPS 180-4 §6.2.2: takes one message block of each leaf into its state.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn compress(states: &mut [State; 2], [mut w, mut v]: [[__m128i; 4]; 2]) {
    let before = *states;
    let [one, two] = states;
    for sixteen in ROUND_CONSTANTS.as_chunks::<4>().0.as_chunks::<4>().0 {
        for (t, [k0, k1, k2, k3]) in sixteen.iter().enumerate() {
            let k = _mm_set_epi32(*k3 as i32, *k2 as i32, *k1 as i32, *k0 as i32);
            four_rounds(one, _mm_add_epi32(w[t], k));
            four_rounds(two, _mm_add_epi32(v[t], k));
            // These words are those of sixteen rounds later from now on; after the last round, of no use.
            w[t] = schedule(w[t], w[(t + 1) % 4], w[(t + 2) % 4], w[(t + 3) % 4]);
            v[t] = schedule(v[t], v[(t + 1) % 4], v[(t + 2) % 4], v[(t + 3) % 4]);
        }
    }
    for (state, before) in states.iter_mut().zip(before) {
        state.abef = _mm_add_epi32(state.abef, before.abef);
        state.cdgh = _mm_add_epi32(state.cdgh, before.cdgh);
    }
}

/// Two rounds make the new A, B, E, F; what these were before is C, D, G, H then.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn four_rounds(state: &mut State, words_and_constants: __m128i) {
    state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, words_and_constants);
    let high_half = _mm_shuffle_epi32::<0b1110>(words_and_constants);
    state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, high_half);
}

/// The next four words of the message schedule, from the sixteen before them.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn schedule(w0: __m128i, w4: __m128i, w8: __m128i, w12: __m128i) -> __m128i {
    let w9 = _mm_alignr_epi8::<4>(w12, w8);
    _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w0, w4), w9), w12)
}

/// The sixteen words of a message block, which are big-endian.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn words(message: &MessageBlock) -> [__m128i; 4] {
    let turned = _mm_set_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    let quarters = message.as_chunks().0;
    std::array::from_fn(|quarter| _mm_shuffle_epi8(load(&quarters[quarter]), turned))
}

#[inline]
#[target_feature(enable = "sse4.1")]
fn finish(State { abef, cdgh }: State) -> Hash {
    let words = [
        _mm_extract_epi32::<3>(abef),
        _mm_extract_epi32::<2>(abef),
        _mm_extract_epi32::<3>(cdgh),
        _mm_extract_epi32::<2>(cdgh),
        _mm_extract_epi32::<1>(abef),
        _mm_extract_epi32::<0>(abef),
        _mm_extract_epi32::<1>(cdgh),
        _mm_extract_epi32::<0>(cdgh),
    ];
    digest(words.map(|word| word as u32))
}

#[inline]
#[target_feature(enable = "sse4.1")]
#[expect(unsafe_code, reason = "the only way to load a vector")]
fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: the reference is to 16 bytes, which is what is read, and that from any alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}
