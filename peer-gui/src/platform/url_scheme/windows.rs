//! Windows' registry: below the key of this user, `Software\Classes\sprat`.

use std::io;

use windows_registry::CURRENT_USER;

use crate::words;

const KEY: &str = r"Software\Classes\sprat";
const COMMAND: &str = r"Software\Classes\sprat\shell\open\command";
/// Error of a key that the registry does not have (`ERROR_FILE_NOT_FOUND`, as an `HRESULT`).
const NOT_FOUND: i32 = 0x8007_0002_u32 as i32;

pub(super) fn register() -> io::Result<()> {
    let key = CURRENT_USER.create(KEY)?;
    key.set_string("", words::LINK_KIND)?;
    // That it is there is what counts.
    key.set_string("URL Protocol", "")?;
    key.create("DefaultIcon")?.set_string("", format!("{},0", program()?))?;
    CURRENT_USER.create(COMMAND)?.set_string("", command()?)?;
    Ok(())
}

pub(super) fn is_registered() -> io::Result<bool> {
    Ok(CURRENT_USER.open(COMMAND)?.get_string("")? == command()?)
}

pub(super) fn unregister() -> io::Result<()> {
    match CURRENT_USER.remove_tree(KEY) {
        Err(error) if error.code().0 != NOT_FOUND => Err(error.into()),
        _ => Ok(()),
    }
}

/// Path of the program, quoted. A path on Windows has no quotes.
fn program() -> io::Result<String> {
    Ok(format!("\"{}\"", std::env::current_exe()?.display()))
}

/// Command that opens a link. After `--` nothing is an option, even if a link breaks out of its quotes, and nothing but
/// a link counts.
fn command() -> io::Result<String> {
    Ok(format!("{} --links -- \"%1\"", program()?))
}
