//! The messages, described: for programs at `/openapi.json` (OpenAPI 3.1), and for people at `/docs`.

#![allow(unused_qualifications, reason = "the code that is derived from descriptions has them")]

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use maud::{Markup, html};
use serde::Serialize;
use serde_json::Value;
use sprat_protocol::tracker::ErrorAnswer;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{Info, OpenApi, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::app::App;
use super::page::document;
use super::schema::{BodyLimits, refine};

/// A message with its `type`.
#[derive(Serialize, ToSchema)]
pub(super) struct Typed<T> {
    /// Kind of message, in capitals: the name of the route, or for an answer as the description of the response says.
    r#type: &'static str,
    #[serde(flatten)]
    message: T,
}

/// The description before any route is in it.
pub(super) fn about() -> OpenApi {
    let mut info = Info::new("Sprat tracker", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Who has which file. One message a route, in JSON. Unknown fields are ignored. Where the tracker cannot or will \
         not, it answers with an ERROR and a matching status."
            .to_owned(),
    );
    OpenApi::new(info, utoipa::openapi::Paths::new())
}

/// Describes the ERROR that any of the messages may be answered with instead.
pub(super) fn add_errors(api: &mut OpenApi) {
    let components = api.components.get_or_insert_default();
    components.schemas.insert("ErrorAnswer".to_owned(), ErrorAnswer::schema());
    let mut needed = Vec::new();
    ErrorAnswer::schemas(&mut needed);
    components.schemas.extend(needed);
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorAnswer"))).build();
    let response = ResponseBuilder::new().description("ERROR: why not").content("application/json", content).build();
    for item in api.paths.paths.values_mut() {
        for (_, operation) in operations_mut(item) {
            operation.responses.responses.insert("default".to_owned(), RefOr::T(response.clone()));
        }
    }
}

/// The routes of the description itself. It is rendered once.
pub(super) fn routes(api: &OpenApi, limits: BodyLimits) -> Router<Arc<App>> {
    let mut api = serde_json::to_value(api).expect("a description is JSON");
    refine(&mut api, limits);
    let json = Bytes::from(serde_json::to_vec_pretty(&api).expect("it was JSON before"));
    let page = markup(&serde_json::from_value(api).expect("it is a description still"));
    let as_json = move || async move {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], json.clone()).into_response()
    };
    let as_page = move || async move { document("Messages of the tracker", None, page.clone()) };
    Router::new().route("/openapi.json", get(as_json)).route("/docs", get(as_page))
}

fn markup(api: &OpenApi) -> Markup {
    let about = api.info.description.as_deref().unwrap_or_default();
    let schemas = api.components.iter().flat_map(|components| &components.schemas);
    let schemas: BTreeMap<&String, Value> =
        schemas.map(|(name, schema)| (name, serde_json::to_value(schema).expect("a schema is JSON"))).collect();
    html! {
        p { (about) " For programs: " a href="/openapi.json" { "openapi.json" } "." }
        @for (path, item) in &api.paths.paths {
            @for (method, operation) in operations(item) { (described(method, path, operation)) }
        }
        h2 { "Types" }
        @for (name, schema) in schemas {
            section id=(name) {
                h3 { (name) }
                pre { code { (serde_json::to_string_pretty(&schema).expect("it was JSON before")) } }
            }
        }
    }
}

fn described(method: &str, path: &str, operation: &Operation) -> Markup {
    let body = operation.request_body.as_ref().map(|body| serde_json::to_value(body).expect("a body is JSON"));
    let responses = serde_json::to_value(&operation.responses).expect("responses are JSON");
    html! {
        section {
            h2 { code { (method) " " (path) } }
            @if let Some(summary) = &operation.summary { p { (summary) } }
            @if let Some(text) = &operation.description { p { (text) } }
            @for parameter in operation.parameters.iter().flatten().filter_map(in_place) {
                p { code { (parameter.name) } ": " (parameter.description.as_deref().unwrap_or_default()) }
            }
            @if let Some(body) = body {
                h3 { "Asks" }
                pre { code { (serde_json::to_string_pretty(&body).expect("it was JSON before")) } }
            }
            h3 { "Answers" }
            pre { code { (serde_json::to_string_pretty(&responses).expect("it was JSON before")) } }
        }
    }
}

/// Returns a parameter that is described in place. No parameter is described elsewhere and only referred to.
fn in_place(parameter: &RefOr<Parameter>) -> Option<&Parameter> {
    match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    }
}

fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    [("GET", &item.get), ("PUT", &item.put), ("POST", &item.post), ("DELETE", &item.delete)]
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [("GET", &mut item.get), ("PUT", &mut item.put), ("POST", &mut item.post), ("DELETE", &mut item.delete)]
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}
