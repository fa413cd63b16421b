//! Inputs for the reader `hash_list`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sprat_fuzz::run("hash_list", bytes));
