//! The binary `sprat-tracker`: what it is asked to do, how it ends. Its work is the library's.

mod commands;

use std::process::ExitCode;

use commands::Options;
use mimalloc::MiMalloc;
use sprat_tracker::config::ConfigError;

/// A request makes and drops a few dozen pieces of memory on whichever thread has time for it, and the system's allocator
/// took a tenth of it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Exit code of a program that was asked for something that makes no sense; starting it again will not help.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match commands::run(Options::parse()) {
        Ok(code) => code,
        Err(error) => {
            commands::complain(&error);
            if error.is::<ConfigError>() { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
        }
    }
}
