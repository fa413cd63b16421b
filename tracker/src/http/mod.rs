//! HTTP: parses what comes, hands it to the [`Tracker`](crate::Tracker), and sends what it answers.
//!
//! - `routes`: which path leads where. `access`: who gets there. `admin`: what an operator does over HTTP.
//! - `body`: how long a body may be, and `memory`: how much all of them may take. `message`: from a body to a message.
//! - `page`: for people with a browser. `openapi`: the messages, described for programs and for people,
//!   with the bounds in `schema`.
//! - `reply`: answers and refusals as responses.
//! - `head`: whom a request is for. `request`: what every request gets: its time, its client's address (`client`), its place in the metrics.
//! - `connection`: one connection. `socket` and `progress` see to it that it does not take too long.
//! - `accept`: who is let in, and `gate`: how many. `turn_away`: words to those who are not.
//! - `server`: where it listens, how it ends, and its certificate (`tls`, `validity`).

mod accept;
mod admin;
mod admit;
mod app;
mod body;
mod client;
mod connection;
mod gate;
mod head;
mod memory;
mod message;
mod openapi;
mod page;
mod progress;
mod reply;
mod request;
mod routes;
mod running;
mod schema;
mod server;
mod socket;
mod tls;
mod turn_away;
mod validity;

pub use running::{Server, StartError};
pub use tls::TlsError;
