//! `sprat login` and `sprat logout`: the token of a private tracker.

use std::io::{self, BufRead, IsTerminal};

use sprat_api::{Command, Refusal};
use sprat_peer::{TokenFile, TokenFileError, Tokens, is_readable_on_the_way};
use sprat_protocol::tracker::AccessToken;

use crate::args::{LoginArgs, LogoutArgs};
use crate::engine::asking;
use crate::terminal::failure::Failure;
use crate::terminal::interrupt::Interrupt;
use crate::terminal::output::Output;

/// Longer than any token, with the space around it that comes with copying.
const MAX_LINE: u64 = 1024;

/// The tokens of this user; none where there is no home.
pub(crate) fn tokens() -> Result<Tokens, Failure> {
    TokenFile::of_user().map_or_else(|| Ok(Tokens::default()), |file| Ok(file.load()?))
}

fn file_of_user() -> Result<TokenFile, Failure> {
    let no_home = "this user has no home folder to keep tokens in; set HOME, and run the same command again";
    TokenFile::of_user().ok_or_else(|| Failure::failed(no_home))
}

impl From<TokenFileError> for Failure {
    fn from(error: TokenFileError) -> Self {
        match error {
            TokenFileError::Damaged { .. } => {
                Self::usage(format!("{error}\nRemove the file, and run sprat login again."))
            }
            TokenFileError::Io { .. } => Self::failed(error.to_string()),
        }
    }
}

/// Asks for the token, tries it, and keeps it.
pub(crate) async fn login(args: &LoginArgs, output: Output, interrupt: &Interrupt) -> Result<(), Failure> {
    let url = &args.tracker;
    let file = file_of_user()?;
    let engine = asking::start(file.load()?, Some(file))?;
    if is_readable_on_the_way(url) {
        output.note(&format!(
            "Anybody on the way to {url} can read the token; use an address with https if there is one."
        ));
    }
    let prompt = format!("Token for {url}: ");
    let reading = tokio::task::spawn_blocking(move || read_token(&prompt));
    let token = tokio::select! {
        read = reading => read.map_err(|_| Failure::failed("reading the token failed; run the same command again"))??,
        () = interrupt.requested() => return Err(Failure::interrupted()),
    };
    tokio::select! {
        tried = engine.ask(Command::TryToken { tracker: url.clone(), token: token.clone() }) => tried?,
        () = interrupt.requested() => return Err(Failure::interrupted()),
    };
    engine.ask(Command::SetToken { tracker: url.clone(), token: Some(token) }).await?;
    output.note(&format!("The token works, and is used from now on for {url}."));
    Ok(())
}

/// Forgets the token.
pub(crate) async fn logout(args: &LogoutArgs, output: Output) -> Result<(), Failure> {
    let url = &args.tracker;
    let file = file_of_user()?;
    let forget = Command::SetToken { tracker: url.clone(), token: None };
    match asking::ask_once(file.load()?, Some(file), forget).await? {
        Err(Refusal::NoToken(_)) => return Err(Failure::failed(format!("there is no token for {url}"))),
        forgotten => forgotten?,
    };
    output.note(&format!("The token for {url} is forgotten on this computer; whoever made it can also revoke it."));
    Ok(())
}

/// From the keyboard without showing it, or the first line of what is piped in.
fn read_token(prompt: &str) -> Result<AccessToken, Failure> {
    let line =
        if io::stdin().is_terminal() { rpassword::prompt_password(prompt) } else { first_line(io::stdin().lock()) };
    let line = line.map_err(|error| match error.kind() {
        io::ErrorKind::Interrupted => Failure::interrupted(),
        _ => Failure::failed(format!("can't read the token: {error}")),
    })?;
    line.trim().parse().map_err(|error| Failure::usage(format!("{error}")))
}

fn first_line(input: impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    input.take(MAX_LINE).read_line(&mut line)?;
    Ok(line)
}
