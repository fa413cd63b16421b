//! Inputs for the reader `file_name`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sprat_fuzz::run("file_name", bytes));
