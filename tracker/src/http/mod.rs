//! HTTP: parses what comes, hands it to the [`Tracker`](crate::Tracker), and sends what it answers.
//!
//! - `routes`: which path leads where.
//! - `message`: from a body to a message.
//! - `page`: for people with a browser. `openapi`: the messages, described for programs and for people.
//! - `reply`: answers and refusals as responses.
//! - `connections`: the sockets, how many there may be, and how they end.

mod connections;
mod message;
mod openapi;
mod page;
mod reply;
mod routes;

pub(crate) use connections::serve;
