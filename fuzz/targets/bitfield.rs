//! Inputs for the reader `bitfield`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sprat_fuzz::run("bitfield", bytes));
