//! Tests of the store in memory, in virtual time.
//!
//! - `world`: swarms, and a clock that stands still. `leases`: what happens to them. `answers`: what a QUERY is told.
//!   `limits`: what happens at the caps.
//! - `model`: random lives against a model that is too simple to be wrong. `stress`: several threads at once.

mod answers;
mod leases;
mod limits;
mod model;
mod stress;
mod world;
