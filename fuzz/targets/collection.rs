//! Inputs for the reader `collection`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sprat_fuzz::run("collection", bytes));
