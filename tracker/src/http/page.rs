//! The page for people: what this tracker is, how busy it is, what it knows, and how to connect. One document without
//! scripts or anything from elsewhere.

use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;
use sprat_protocol::Link;
use sprat_protocol::tracker::{MAX_SEARCH_WORDS_LEN, Search, SearchAnswer, SearchHit};
use url::Url;

use super::app::{Client, Tracking, caller};
use crate::model::moment::Now;
use crate::service::refusal::Refusal;
use crate::service::{Stats, Tracker};

const STYLE: &str = include_str!("page.css");
/// The document may use its own style, send its own form to itself, and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Time between two updates of the numbers, in seconds.
const REFRESH: u32 = 30;

#[derive(Deserialize)]
pub(super) struct Parameters {
    /// Words of the search; absent where nobody looks for anything.
    q: Option<String>,
    #[serde(default)]
    page: u32,
}

type Parsed = Result<axum::extract::Query<Parameters>, QueryRejection>;

/// The page at `/`.
pub(super) async fn home(State(app): Tracking, client: Client, headers: HeaderMap, parameters: Parsed) -> Response {
    let Ok(axum::extract::Query(Parameters { q, page })) = parameters else {
        return document("Not found", None, html! { p { "That is no search. " a href="/" { "Begin anew" } } });
    };
    let results = match &q {
        Some(words) => {
            let search = Search { words: words.clone(), page };
            Some(app.tracker.search(caller(client), &search).await)
        }
        None => None,
    };
    let at = address(&app.tracker, &headers);
    let refresh = results.is_none().then_some(REFRESH);
    document(
        "Sprat tracker",
        refresh,
        html! {
            p { "This tracker knows who has which file. It has none itself: files go straight from one computer to another." }
            (numbers(&app.tracker.stats(Now::read())))
            (search_form(q.as_deref()))
            @if let Some(answer) = results { (found(answer, q.as_deref().unwrap_or_default(), page, at.as_ref())) }
            (how_to_connect(at.as_ref()))
            footer { a href="/docs" { "Messages" } " · " a href="/metrics" { "Metrics" } " · version " (env!("CARGO_PKG_VERSION")) }
        },
    )
}

/// A whole document with the headers that keep it harmless.
pub(super) fn document(title: &str, refresh: Option<u32>, body: Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                @if let Some(seconds) = refresh { meta http-equiv="refresh" content=(seconds); }
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { h1 { (title) } (body) } }
        }
    };
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, page.into_string()).into_response()
}

fn numbers(stats: &Stats) -> Markup {
    let uptime = match stats.uptime {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..86_400 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    };
    html! {
        dl {
            @for (name, value) in [
                ("Peers online", stats.peers.to_string()),
                ("Files online", stats.files.to_string()),
                ("Whole copies", stats.seeders.to_string()),
                ("Copies in the making", stats.leechers.to_string()),
                ("Running for", uptime),
            ] {
                div { dt { (name) } dd { (value) } }
            }
        }
    }
}

fn search_form(words: Option<&str>) -> Markup {
    html! {
        form method="get" action="/" role="search" {
            label for="q" { "Search files by name" }
            div {
                input id="q" name="q" type="search" maxlength=(MAX_SEARCH_WORDS_LEN) value=(words.unwrap_or_default())
                    placeholder="Words that the name contains" autocomplete="off";
                button type="submit" { "Search" }
            }
        }
    }
}

fn found(answer: Result<SearchAnswer, Refusal>, words: &str, page: u32, at: Option<&Url>) -> Markup {
    let answer = match answer {
        Ok(answer) => answer,
        Err(refusal) => return html! { p role="alert" { (refusal) } },
    };
    html! {
        section aria-label="Results" {
            @if answer.files.is_empty() {
                p { "No file here has such a name. Parts of words are enough, in any order." }
            } @else {
                table {
                    thead { tr { th { "Name" } th { "Size" } th { "Have all of it" } th { "Have a part" } th { "ID" } } }
                    tbody { @for hit in &answer.files { (row(hit, at)) } }
                }
            }
            nav {
                @if page > 0 { a href=(page_link(words, page - 1)) rel="prev" { "Better ones" } " " }
                @if answer.more { a href=(page_link(words, page + 1)) rel="next" { "More" } }
            }
        }
    }
}

/// One file. Its name is some stranger's: set apart, so that it cannot change how the rest of the row reads.
fn row(hit: &SearchHit, at: Option<&Url>) -> Markup {
    let link = Link {
        name: Some(hit.name.clone()),
        size: Some(hit.size),
        trackers: at.into_iter().cloned().collect(),
        ..Link::new(hit.file_id)
    };
    html! {
        tr {
            td { a href=(link) { bdi { (hit.name) } } }
            td { (size(hit.size)) }
            td { (hit.seeders) }
            td { (hit.leechers) }
            td { code { (hit.file_id) } }
        }
    }
}

fn how_to_connect(at: Option<&Url>) -> Markup {
    let at = at.map_or_else(|| "http://…".to_owned(), |url| url.as_str().trim_end_matches('/').to_owned());
    html! {
        section {
            h2 { "How to connect" }
            p { "In the window, add this address under Settings → Trackers:" }
            pre { code { (at) } }
            p { "On the command line:" }
            pre { code {
                "sprat share FILE --tracker " (at) "\n"
                "sprat search WORDS --tracker " (at) "\n"
                "sprat get ID --tracker " (at)
            } }
        }
    }
}

/// Finds the address at which the reader reaches this tracker: its first name, or else the one that the reader's
/// browser uses.
fn address(tracker: &Tracker, headers: &HeaderMap) -> Option<Url> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = tracker.names().first().map(String::as_str).or(host)?;
    let scheme = if authority.ends_with(":443") { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{authority}")).ok().filter(|url| url.path() == "/" && url.query().is_none())
}

fn page_link(words: &str, page: u32) -> String {
    let words: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
    format!("/?q={words}&page={page}")
}

/// A length in bytes as people read it.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let unit = (bytes.ilog2() / 10) as usize;
    let value = bytes as f64 / (1u64 << (10 * unit)) as f64;
    format!("{value:.1} {}", UNITS[unit - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_binary_units() {
        for (bytes, text) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_572_864, "1.5 MiB"), (u64::MAX, "16.0 EiB")]
        {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_name_is_text_and_nothing_else() {
        let hit = SearchHit {
            file_id: "00".repeat(32).parse().unwrap(),
            name: "<script>alert(1)</script>\"' onload=x".into(),
            size: 1,
            seeders: 1,
            leechers: 0,
            first_seen: 0,
        };
        let row = row(&hit, None).into_string();
        assert!(!row.contains("<script") && row.contains("&lt;script&gt;"), "{row}");
        assert_eq!(row.matches('"').count(), 2, "one attribute, quoted once: {row}");
    }

    #[test]
    fn words_come_through_a_link_as_they_are() {
        let link = page_link("a&b=c #d +%", 2);
        assert_eq!(link, "/?q=a%26b%3Dc+%23d+%2B%25&page=2");
    }
}
