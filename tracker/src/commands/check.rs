//! Check of a tracker's health, for scripts.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use sprat_protocol::tracker::{AccessToken, Answer, Query, Request};
use url::Url;

use super::output::print;

/// Upper bound of the length of an answer, far more than what is asked for here.
const MAX_ANSWER_LEN: usize = 64 * 1024;

/// Prints one line about the tracker.
pub(super) fn check(url: &Url, token_file: Option<&Path>, timeout: Duration) -> anyhow::Result<ExitCode> {
    let token = token_file.map(read_token).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (verdict, code) = match runtime.block_on(ask(url, token.as_ref(), timeout)) {
        Ok(how) => (format!("healthy: {how}"), ExitCode::SUCCESS),
        Err(why) => (format!("not healthy: {why:#}"), ExitCode::FAILURE),
    };
    print(&format!("{url} {verdict}\n"))?;
    Ok(code)
}

fn read_token(path: &Path) -> anyhow::Result<AccessToken> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.trim().parse().with_context(|| format!("in {}", path.display()))
}

/// Asks a tracker for its readiness, and for an answer as peers get it.
async fn ask(url: &Url, token: Option<&AccessToken>, timeout: Duration) -> anyhow::Result<String> {
    // Another process may have chosen a provider; this one has not.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).timeout(timeout).build()?;
    let at = |path: &str| format!("{}{path}", url.as_str().trim_end_matches('/'));

    let (status, text, ready_time) = send(client.get(at("/readyz"))).await?;
    if status != StatusCode::OK {
        anyhow::bail!("/readyz answers {status}: {}", start(&text));
    }
    let query = Request::Query(Query { peer_id: None, file_ids: vec!["0".repeat(64).parse()?], max_peers: 0 });
    let mut request = client.post(at("/v1/query")).json(&query);
    if let Some(token) = token {
        request = request.header(reqwest::header::AUTHORIZATION, token.to_header());
    }
    let (status, text, query_time) = send(request).await?;
    match serde_json::from_str(&text) {
        Ok(Answer::QueryAnswer(_)) => Ok(format!("ready in {ready_time:.0?}, answers QUERY in {query_time:.0?}")),
        // It is private, and says so: it is in order, as far as a stranger can see.
        _ if token.is_none() && status == StatusCode::UNAUTHORIZED => {
            Ok(format!("ready in {ready_time:.0?}; QUERY takes a token, see --token-file"))
        }
        Ok(Answer::Error(error)) => anyhow::bail!("QUERY is answered with {status}: {}", start(&error.message)),
        _ => anyhow::bail!("QUERY is answered with {status} and what is no message of a tracker"),
    }
}

/// The status, the body or the beginning of one that is too long, and how long it took.
async fn send(request: RequestBuilder) -> anyhow::Result<(StatusCode, String, Duration)> {
    let started = Instant::now();
    let mut response = request.send().await.map_err(reqwest::Error::without_url)?;
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        body.extend_from_slice(&part);
        if body.len() > MAX_ANSWER_LEN {
            break;
        }
    }
    Ok((response.status(), String::from_utf8_lossy(&body).into_owned(), started.elapsed()))
}

/// Takes as much of a stranger's text as fits into a line.
fn start(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(200).collect()
}
