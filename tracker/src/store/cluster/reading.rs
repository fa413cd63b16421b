//! Answers of servers, as values.

use redis::{FromRedisValue, Value};

use crate::model::error::Unavailable;

/// Reads what a server answered.
pub(super) fn read<T: FromRedisValue>(value: Value) -> Result<T, Unavailable> {
    redis::from_redis_value(value).map_err(|error| {
        tracing::warn!(%error, "a server of the cluster gave an answer that makes no sense");
        Unavailable
    })
}
