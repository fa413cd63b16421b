//! HTTP: parses what comes, hands it to the [`Tracker`](crate::Tracker), and sends what it answers.
//!
//! - `routes`: which path leads where.
//! - `reply`: answers and refusals as responses.
//! - `connections`: the sockets, how many there may be, and how they end.

mod connections;
mod reply;
mod routes;

pub(crate) use connections::serve;
