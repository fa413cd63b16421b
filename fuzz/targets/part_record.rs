//! Inputs for the reader `part_record`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sprat_fuzz::run("part_record", bytes));
