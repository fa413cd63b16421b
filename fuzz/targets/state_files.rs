//! Inputs for the reader `state_files`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sprat_fuzz::run("state_files", bytes));
