//! Inputs for the reader `words`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sprat_fuzz::run("words", bytes));
