//! Questions to trackers by commands that run no engine of their own.

use sprat_api::{Answer, Command, Refusal};
use sprat_peer::{Engine, EngineHandle, TokenFile, Tokens};

use crate::terminal::failure::Failure;

/// Starts an engine that only asks trackers. `tokens` open the private ones; those that change are kept in the file.
pub(crate) fn start(tokens: Tokens, file: Option<TokenFile>) -> Result<EngineHandle, Failure> {
    Engine::start_asking(tokens, file).map_err(|error| Failure::failed(error.to_string()))
}

/// Asks one thing by an engine of its own.
pub(crate) async fn ask_once(
    tokens: Tokens,
    file: Option<TokenFile>,
    command: Command,
) -> Result<Result<Answer, Refusal>, Failure> {
    let engine = start(tokens, file)?;
    let answer = engine.ask(command).await;
    engine.shutdown().await;
    Ok(answer)
}
