//! Racing of connection attempts: a host name may stand for several addresses, some of which are unreachable.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

/// Attempts the `ways` in turn, and returns the result of the first attempt that succeeds. The next attempt is started
/// when one fails, or after `head_start` (the connection attempt delay of RFC 8305). Attempts that are still running
/// are then dropped.
///
/// # Errors
/// The error of each attempt, in the order in which they failed, if none succeeds.
pub(crate) async fn first_of<W, T, E, F>(
    ways: impl IntoIterator<Item = W>,
    head_start: Duration,
    attempt: impl Fn(W) -> F,
) -> Result<T, Vec<E>>
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    let mut ways = ways.into_iter();
    let mut next = ways.next();
    let (mut attempts, mut errors) = (JoinSet::new(), Vec::new());
    while next.is_some() || !attempts.is_empty() {
        if let Some(way) = next.take() {
            attempts.spawn(attempt(way));
            next = ways.next();
        }
        tokio::select! {
            biased;
            Some(done) = attempts.join_next() => match done.expect("an attempt does not panic") {
                Ok(found) => return Ok(found),
                Err(error) => errors.push(error),
            },
            () = sleep(head_start), if next.is_some() => {}
        }
    }
    Err(errors)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    async fn attempt(way: &'static str) -> Result<&'static str, &'static str> {
        match way {
            "nowhere" => pending().await,
            "refused" => Err(way),
            _ => Ok(way),
        }
    }

    #[tokio::test]
    async fn a_way_that_leads_nowhere_holds_up_none_of_the_others() {
        let found = first_of(["nowhere", "nowhere", "there"], Duration::from_millis(1), attempt).await;
        assert_eq!(found, Ok("there"));
    }

    #[tokio::test]
    async fn where_one_fails_the_next_is_begun_at_once() {
        assert_eq!(first_of(["refused", "refused", "there"], LONG, attempt).await, Ok("there"));
        assert_eq!(first_of(["there", "refused"], LONG, attempt).await, Ok("there"));
    }

    #[tokio::test]
    async fn where_all_fail_each_says_why() {
        assert_eq!(first_of(["refused", "refused"], LONG, attempt).await, Err(vec!["refused", "refused"]));
        assert_eq!(first_of([], LONG, attempt).await, Err(vec![]));
    }
}
