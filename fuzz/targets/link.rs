//! Inputs for the reader `link`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sprat_fuzz::run("link", bytes));
