//! Inputs for the reader `tracker_answer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sprat_fuzz::run("tracker_answer", bytes));
