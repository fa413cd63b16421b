//! Inputs for the reader `frame`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sprat_fuzz::run("frame", bytes));
