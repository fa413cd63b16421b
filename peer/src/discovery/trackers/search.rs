//! Search for files by the words in their names: all trackers are asked at once, and their answers become one.

use sprat_api::Found;
use sprat_protocol::tracker::{Search, SearchAnswer};
use tokio::task::JoinSet;

use crate::discovery::trackers::client::TrackerClient;

/// Asks all of these trackers at the same time, and waits for every one. Dropping the future ends the requests.
pub(crate) async fn search(trackers: Vec<TrackerClient>, search: &Search) -> Found {
    let mut asked = JoinSet::new();
    for (place, client) in trackers.into_iter().enumerate() {
        let search = search.clone();
        asked.spawn(async move { (place, client.search(search).await) });
    }
    let mut results = asked.join_all().await;
    results.sort_unstable_by_key(|(place, _)| *place);
    let (mut answers, mut errors) = (Vec::new(), Vec::new());
    for (_, result) in results {
        match result {
            Ok(answer) => answers.push(answer),
            Err(error) => errors.push(error),
        }
    }
    let SearchAnswer { files, more } = merge(answers);
    Found { files, more, errors }
}

/// Merges answers, in the order of the first tracker that names a file, with the most seeders that any tracker knows.
fn merge(answers: Vec<SearchAnswer>) -> SearchAnswer {
    let mut merged = SearchAnswer { files: Vec::new(), more: false };
    for answer in answers {
        merged.more |= answer.more;
        for hit in answer.files {
            match merged.files.iter_mut().find(|known| known.file_id == hit.file_id) {
                Some(known) => known.seeders = known.seeders.max(hit.seeders),
                None => merged.files.push(hit),
            }
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;
    use std::time::Duration;

    use sprat_api::TrackerError;
    use sprat_chunking::FileId;
    use sprat_protocol::tracker::SearchHit;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;
    use url::Url;

    use super::*;
    use crate::world::http::Http;

    fn clients(urls: &[Url]) -> Vec<TrackerClient> {
        urls.iter().map(|url| TrackerClient::by(Arc::new(Http::new()), url.clone())).collect()
    }

    fn hit(name: &str, seeders: u32, digit: u8) -> SearchHit {
        let file_id = FileId::new([digit; 32]);
        SearchHit { file_id, name: name.to_owned(), size: 2048, seeders, leechers: 0, first_seen: 0 }
    }

    #[test]
    fn a_file_that_two_trackers_know_is_shown_once() {
        let answer = |files, more| SearchAnswer { files, more };
        let merged =
            merge(vec![answer(vec![hit("a", 1, 1)], false), answer(vec![hit("b", 1, 2), hit("a", 5, 1)], true)]);
        assert_eq!(merged, answer(vec![hit("a", 5, 1), hit("b", 1, 2)], true));
    }

    #[tokio::test]
    async fn trackers_that_are_away_are_told_of_in_their_order() {
        let mut urls = Vec::new();
        for _ in 0..2 {
            // A port that was free a moment ago: nobody answers there.
            let addr = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
            urls.push(Url::parse(&format!("http://{addr}")).unwrap());
        }
        let words = Search { words: "a".to_owned(), page: 0 };
        let found = search(clients(&urls), &words).await;
        assert!(found.files.is_empty() && !found.more);
        let told: Vec<String> = found.errors.iter().map(TrackerError::to_string).collect();
        assert_eq!(told.len(), 2);
        for (text, url) in told.iter().zip(&urls) {
            assert!(text.contains(&url.port().unwrap().to_string()), "{text} is not of {url}");
        }
    }

    #[tokio::test]
    async fn who_no_longer_waits_ends_the_asking() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let (clients, words) = (clients(&[url]), Search { words: "a".to_owned(), page: 0 });
        let mut accepted: TcpStream = tokio::select! {
            _ = async { (search(clients, &words).await, pending::<()>().await) } => unreachable!("nobody answers"),
            accepted = listener.accept() => accepted.unwrap().0,
        };
        // The future is gone, so its connection is closed, long before the tracker's time to answer is over.
        let mut rest = Vec::new();
        let _ = timeout(Duration::from_secs(5), accepted.read_to_end(&mut rest)).await.expect("it is closed");
    }
}
