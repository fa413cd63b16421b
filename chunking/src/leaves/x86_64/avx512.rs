//! Sixteen leaves at once with AVX-512: each 32-bit word of SHA-256 is a vector, with one leaf in each of its lanes.
//!
//! On a core that has SHA-NI as well this is twice as fast as one leaf after another, and on one that has not, far more;
//! `sprat-bench share` shows it.

use core::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_loadu_si512, _mm512_ror_epi32, _mm512_set1_epi32, _mm512_set4_epi32,
    _mm512_setzero_si512, _mm512_shuffle_epi8, _mm512_shuffle_i32x4, _mm512_srli_epi32, _mm512_storeu_si512,
    _mm512_ternarylogic_epi32, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32,
    _mm512_unpacklo_epi64,
};

use super::message::{Block, INITIAL, MESSAGE_BLOCKS, MessageBlock, ROUND_CONSTANTS, digest, message_block};
use crate::hash::Hash;

/// Number of leaves that are hashed at once.
const LANES: usize = 16;

/// Truth tables of functions of three bits, as [`_mm512_ternarylogic_epi32`] takes them: a ⊕ b ⊕ c, Ch and Maj of FIPS
/// 180-4 §4.1.2.
const XOR: i32 = 0b1001_0110;
const CH: i32 = 0b1100_1010;
const MAJ: i32 = 0b1110_1000;

/// The leaf hashes of these blocks; none where the processor cannot.
#[expect(unsafe_code, reason = "twice as fast, see sprat-bench share")]
pub(super) fn leaf_hashes(blocks: &[Block; LANES]) -> Option<[Hash; LANES]> {
    let supported = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
    // SAFETY: the processor has the two features that the function needs, and it needs nothing else.
    supported.then(|| unsafe { hash(blocks) })
}

#[target_feature(enable = "avx512f,avx512bw")]
fn hash(blocks: &[Block; LANES]) -> [Hash; LANES] {
    // Loops, since a closure that works on vectors is not inlined into what takes closures.
    let mut state = [_mm512_setzero_si512(); 8];
    for (vector, word) in state.iter_mut().zip(INITIAL) {
        *vector = _mm512_set1_epi32(word as i32);
    }
    let mut rows = [_mm512_setzero_si512(); LANES];
    for number in 0..MESSAGE_BLOCKS {
        for (row, block) in rows.iter_mut().zip(blocks) {
            *row = big_endian(load(&message_block(block, number)));
        }
        compress(&mut state, transposed(rows));
    }
    let mut words = [[0; LANES]; 8];
    for (words, vector) in words.iter_mut().zip(state) {
        *words = store(vector);
    }
    std::array::from_fn(|lane| digest(words.map(|word| word[lane])))
}

/// FIPS 180-4 §6.2.2: takes one message block of every lane into the state.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn compress(state: &mut [__m512i; 8], mut w: [__m512i; 16]) {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (sixteen, constants) in ROUND_CONSTANTS.as_chunks::<16>().0.iter().enumerate() {
        for (t, k) in constants.iter().enumerate() {
            if sixteen > 0 {
                w[t] = add(add(w[t], sigma0(w[(t + 1) % 16])), add(w[(t + 9) % 16], sigma1(w[(t + 14) % 16])));
            }
            let k = _mm512_set1_epi32(*k as i32);
            let t1 = add(add(add(h, k), w[t]), add(sum1(e), _mm512_ternarylogic_epi32::<CH>(e, f, g)));
            let t2 = add(sum0(a), _mm512_ternarylogic_epi32::<MAJ>(a, b, c));
            (h, g, f, e, d, c, b, a) = (g, f, e, add(d, t1), c, b, a, add(t1, t2));
        }
    }
    for (before, now) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *before = add(*before, now);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add(a: __m512i, b: __m512i) -> __m512i {
    _mm512_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<XOR>(a, b, c)
}

/// Σ0 of FIPS 180-4 §4.1.2, as the three below.
#[inline]
#[target_feature(enable = "avx512f")]
fn sum0(x: __m512i) -> __m512i {
    xor(_mm512_ror_epi32::<2>(x), _mm512_ror_epi32::<13>(x), _mm512_ror_epi32::<22>(x))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sum1(x: __m512i) -> __m512i {
    xor(_mm512_ror_epi32::<6>(x), _mm512_ror_epi32::<11>(x), _mm512_ror_epi32::<25>(x))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sigma0(x: __m512i) -> __m512i {
    xor(_mm512_ror_epi32::<7>(x), _mm512_ror_epi32::<18>(x), _mm512_srli_epi32::<3>(x))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sigma1(x: __m512i) -> __m512i {
    xor(_mm512_ror_epi32::<17>(x), _mm512_ror_epi32::<19>(x), _mm512_srli_epi32::<10>(x))
}

/// Turns the bytes of each 32-bit word round.
#[inline]
#[target_feature(enable = "avx512bw")]
fn big_endian(bytes: __m512i) -> __m512i {
    _mm512_shuffle_epi8(bytes, _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203))
}

/// From one vector a lane, with a message block's sixteen words, to one vector a word, with that word of every lane.
#[inline]
#[target_feature(enable = "avx512f")]
fn transposed(rows: [__m512i; LANES]) -> [__m512i; 16] {
    // First among four rows, within each quarter (128 bits) of them: quarter q of quads[4 × i + n] is word 4 × q + i of
    // the rows 4 × n to 4 × n + 3.
    let mut quads = [_mm512_setzero_si512(); 16];
    for (n, [r0, r1, r2, r3]) in rows.as_chunks().0.iter().copied().enumerate() {
        let [low01, high01] = [_mm512_unpacklo_epi32(r0, r1), _mm512_unpackhi_epi32(r0, r1)];
        let [low23, high23] = [_mm512_unpacklo_epi32(r2, r3), _mm512_unpackhi_epi32(r2, r3)];
        quads[n] = _mm512_unpacklo_epi64(low01, low23);
        quads[4 + n] = _mm512_unpackhi_epi64(low01, low23);
        quads[8 + n] = _mm512_unpacklo_epi64(high01, high23);
        quads[12 + n] = _mm512_unpackhi_epi64(high01, high23);
    }
    // Then the quarters: 0x88 takes the even ones of both vectors, 0xdd the odd ones.
    let mut words = [_mm512_setzero_si512(); 16];
    for (i, [q0, q1, q2, q3]) in quads.as_chunks().0.iter().copied().enumerate() {
        let [even01, odd01] = [_mm512_shuffle_i32x4::<0x88>(q0, q1), _mm512_shuffle_i32x4::<0xdd>(q0, q1)];
        let [even23, odd23] = [_mm512_shuffle_i32x4::<0x88>(q2, q3), _mm512_shuffle_i32x4::<0xdd>(q2, q3)];
        words[i] = _mm512_shuffle_i32x4::<0x88>(even01, even23);
        words[4 + i] = _mm512_shuffle_i32x4::<0x88>(odd01, odd23);
        words[8 + i] = _mm512_shuffle_i32x4::<0xdd>(even01, even23);
        words[12 + i] = _mm512_shuffle_i32x4::<0xdd>(odd01, odd23);
    }
    words
}

#[inline]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "the only way to load a vector")]
fn load(bytes: &MessageBlock) -> __m512i {
    // SAFETY: the reference is to 64 bytes, which is what is read, and that from any alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "the only way to store a vector")]
fn store(vector: __m512i) -> [u32; LANES] {
    let mut words = [0; LANES];
    // SAFETY: the array has 64 bytes, which is what is written, and that to any alignment.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), vector) };
    words
}
