//! Answers to commands, by whole engines in a network of made-up trackers.

use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sprat_api::{Answer, Command, Event, Found, Priority, Refusal, TrackerError, TrackerQuestion};
use sprat_chunking::FileId;
use sprat_protocol::tracker::AccessToken;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;

use super::{Engine, EngineConfig, EngineHandle};
use crate::discovery::trackers::token_file::TokenFile;
use crate::discovery::trackers::tokens::Tokens;
use crate::world::{Courier, Later, Letter, Listen, Network, Stream, Undelivered, World};

/// Time longer than anything here takes; only a failing test waits for so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time in which an engine ends that waits for no task: less than it gives tasks.
const SOON: Duration = Duration::from_secs(4);

/// Network without peers, in which trackers answer, are away, or are silent, as their names say.
#[derive(Debug, Default)]
struct Made {
    /// Number of couriers that were made.
    couriers: AtomicUsize,
    /// Tokens that were shown.
    shown: Mutex<Vec<String>>,
    /// Wakes with each message to a silent tracker.
    silence: Notify,
}

#[derive(Debug)]
struct Post {
    net: Arc<Net>,
}

/// Handle that the engine has of [`Made`].
#[derive(Debug)]
struct Net(Arc<Made>);

struct Deaf;

impl Network for Net {
    fn listen(&self, _: SocketAddr) -> Later<'static, io::Result<Box<dyn Listen>>> {
        Box::pin(async { Ok(Box::new(Deaf) as Box<dyn Listen>) })
    }

    fn connect(&self, _: SocketAddr) -> Later<'static, io::Result<Box<dyn Stream>>> {
        Box::pin(pending())
    }

    fn addresses(&self) -> io::Result<Vec<IpAddr>> {
        Ok(Vec::new())
    }

    fn courier(&self, _: &Url) -> Arc<dyn Courier> {
        self.0.couriers.fetch_add(1, Ordering::Relaxed);
        Arc::new(Post { net: Arc::new(Net(self.0.clone())) })
    }
}

impl Listen for Deaf {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(([10, 0, 0, 1], 4000).into())
    }

    fn accept(&self) -> Later<'_, io::Result<(Box<dyn Stream>, SocketAddr)>> {
        Box::pin(pending())
    }
}

impl Courier for Post {
    fn deliver(&self, letter: Letter) -> Later<'_, Result<Vec<u8>, Undelivered>> {
        let made = self.net.0.clone();
        let token = letter.authorization.map(|value| value.to_str().unwrap().to_owned());
        made.shown.lock().extend(token);
        Box::pin(async move {
            match Url::parse(&letter.url).unwrap().host_str().unwrap() {
                "away" => Err(Undelivered::Unreachable("nobody is there".to_owned())),
                "silent" => {
                    made.silence.notify_one();
                    pending().await
                }
                "nonsense" => Ok(b"<html>".to_vec()),
                "private" => Ok(br#"{"type":"ERROR","code":"unauthorized","message":"this takes a token"}"#.to_vec()),
                _ if letter.url.ends_with("search") => {
                    Ok(br#"{"type":"SEARCH_ANSWER","files":[],"more":true}"#.to_vec())
                }
                _ => Ok(br#"{"type":"QUERY_ANSWER","files":[],"unknown":[]}"#.to_vec()),
            }
        })
    }

    fn is_well(&self, _: String) -> Later<'_, Result<bool, Undelivered>> {
        Box::pin(async { Ok(true) })
    }
}

fn url(host: &str) -> Url {
    Url::parse(&format!("http://{host}")).unwrap()
}

fn search(hosts: &[&str]) -> Command {
    let trackers = hosts.iter().map(|host| url(host)).collect();
    Command::Search { trackers, words: "a".to_owned(), page: 0 }
}

fn ask(host: &str, question: TrackerQuestion) -> Command {
    Command::AskTracker { tracker: url(host), question }
}

async fn start(dir: &Path, change: impl FnOnce(&mut EngineConfig)) -> (EngineHandle, Arc<Made>) {
    let made = Arc::new(Made::default());
    let mut config = EngineConfig::new(dir.join("state"), dir.join("downloads"));
    config.world = World { network: Arc::new(Net(made.clone())), ..World::default() };
    change(&mut config);
    (Engine::start(config).await.unwrap(), made)
}

async fn started() -> (EngineHandle, Arc<Made>, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let (engine, made) = start(dir.path(), |_| {}).await;
    (engine, made, dir)
}

#[tokio::test]
async fn a_command_about_a_transfer_that_is_not_there_is_refused_and_else_done() {
    let (engine, _, dir) = started().await;
    let about = |file_id| {
        let dir = dir.path().join("elsewhere");
        [
            Command::Pause(file_id),
            Command::Resume(file_id),
            Command::Check(file_id),
            Command::CancelWork(file_id),
            Command::SetTransferRates { file_id, up: None, down: None },
            Command::SetSequential { file_id, sequential: true },
            Command::SetPriorities { file_id, files: vec![0], priority: Priority::High },
            Command::AddPeer { file_id, addr: "10.0.0.2:1".parse().unwrap() },
            Command::Move { file_id, dir },
            Command::Remove { file_id, delete_data: true },
        ]
    };
    let unknown = FileId::new([9; 32]);
    for command in about(unknown) {
        let said = format!("{command:?}");
        assert_eq!(engine.ask(command).await, Err(Refusal::NoSuchTransfer(unknown)), "{said}");
    }
    // A transfer may be watched before it is there.
    for command in [Command::Watch(Some(unknown)), Command::RetryTrackers, Command::SetActiveDownloads(3)] {
        assert_eq!(engine.ask(command).await, Ok(Answer::Done));
    }

    let path = dir.path().join("a.txt");
    std::fs::write(&path, "hello").unwrap();
    let mut events = engine.events();
    assert_eq!(engine.ask(Command::Share(path.clone())).await, Ok(Answer::Done));
    let file_id = loop {
        if let Event::Shared { link, .. } = events.recv().await.unwrap() {
            break link.file_id;
        }
    };
    for command in about(file_id) {
        let answer = match &command {
            Command::Move { .. } => Err(Refusal::NotADownload(file_id)),
            _ => Ok(Answer::Done),
        };
        let said = format!("{command:?}");
        assert_eq!(engine.ask(command).await, answer, "{said}");
    }
    assert!(path.exists(), "it was only shared");
    assert_eq!(engine.ask(Command::Pause(file_id)).await, Err(Refusal::NoSuchTransfer(file_id)), "it is removed");
    engine.shutdown().await;
}

#[tokio::test]
async fn a_search_finds_what_there_is_and_tells_of_trackers_that_are_away() {
    let (engine, _, _dir) = started().await;
    let Ok(Answer::Found(Found { files, more, errors })) = engine.ask(search(&["away", "good", "nonsense"])).await
    else {
        panic!("one tracker answers")
    };
    assert!(files.is_empty() && more);
    let [TrackerError::Unreachable { url: away, reason }, TrackerError::Nonsense { url: nonsense }] = &errors[..]
    else {
        panic!("{errors:?}")
    };
    assert_eq!((away, reason.as_str(), nonsense), (&url("away"), "nobody is there", &url("nonsense")));
    assert_eq!(engine.ask(search(&[])).await, Err(Refusal::NoTracker));
    engine.shutdown().await;
}

#[tokio::test]
async fn a_tracker_is_asked_what_was_asked() {
    let (engine, made, _dir) = started().await;
    let answer = async |host, question| engine.ask(ask(host, question)).await;
    assert_eq!(answer("away", TrackerQuestion::IsUp).await, Ok(Answer::Done));
    assert_eq!(answer("good", TrackerQuestion::IsTracker).await, Ok(Answer::Done));
    assert_eq!(answer("private", TrackerQuestion::IsTracker).await, Ok(Answer::Done), "it speaks as one");
    for host in ["away", "nonsense"] {
        assert!(matches!(answer(host, TrackerQuestion::IsTracker).await, Err(Refusal::Tracker(_))), "{host}");
    }
    let holders = TrackerQuestion::Holders(FileId::new([1; 32]));
    assert_eq!(answer("good", holders).await, Ok(Answer::Holders(0)));
    let refused = answer("private", holders).await.unwrap_err();
    assert_eq!(refused.to_string(), "the tracker at http://private/ refused: this takes a token");

    // A token that is tried is shown, and neither used nor kept.
    let token = AccessToken::new([1; 32]);
    let tried = |host| Command::TryToken { tracker: url(host), token: token.clone() };
    assert_eq!(engine.ask(tried("good")).await, Ok(Answer::Done));
    let refused = engine.ask(tried("private")).await;
    assert!(matches!(refused, Err(Refusal::Tracker(error)) if error.is_forbidden()));
    assert_eq!(std::mem::take(&mut *made.shown.lock()), [token.to_header(), token.to_header()]);
    engine.ask(search(&["good"])).await.unwrap();
    assert!(made.shown.lock().is_empty());
    engine.shutdown().await;
}

#[tokio::test]
async fn a_tracker_in_use_is_searched_by_the_client_that_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, made) = start(dir.path(), |config| config.trackers = vec![url("good")]).await;
    for _ in 0..3 {
        engine.ask(search(&["good"])).await.unwrap();
    }
    assert_eq!(made.couriers.load(Ordering::Relaxed), 1);
    engine.ask(search(&["good", "other"])).await.unwrap();
    assert_eq!(made.couriers.load(Ordering::Relaxed), 2);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_token_is_shown_to_its_tracker_from_now_on_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let file = TokenFile::at(dir.path().join("tokens.toml"));
    let (engine, made) = start(dir.path(), |config| config.token_file = Some(file.clone())).await;
    let token = AccessToken::new([1; 32]);
    let set = |token| Command::SetToken { tracker: url("good"), token };
    assert_eq!(engine.ask(set(Some(token.clone()))).await, Ok(Answer::Done));
    engine.ask(search(&["good", "other"])).await.unwrap();
    engine.ask(ask("good", TrackerQuestion::IsTracker)).await.unwrap();
    assert_eq!(*made.shown.lock(), [token.to_header()], "to one tracker, and to that only where it is needed");
    assert_eq!(file.load().unwrap().of(&url("good")), Some(&token));
    assert_eq!(engine.ask(set(None)).await, Ok(Answer::Done));
    assert_eq!(engine.ask(set(None)).await, Err(Refusal::NoToken(url("good"))));
    engine.shutdown().await;

    let (engine, _) = start(dir.path(), |_| {}).await;
    assert_eq!(engine.ask(set(Some(token))).await, Err(Refusal::NoTokenFile));
    engine.shutdown().await;
}

#[tokio::test]
async fn a_search_that_takes_long_holds_nothing_up_and_ends_with_the_engine() {
    let (engine, made, _dir) = started().await;
    let searching = engine.clone();
    let searching = tokio::spawn(async move { searching.ask(search(&["silent", "good"])).await });
    made.silence.notified().await;
    assert_eq!(engine.ask(Command::SetActiveDownloads(3)).await, Ok(Answer::Done));
    let ended = engine.clone();
    timeout(SOON, engine.shutdown()).await.expect("the search does not keep the engine");
    assert_eq!(searching.await.unwrap(), Err(Refusal::Ended));
    assert_eq!(ended.ask(Command::RetryTrackers).await, Err(Refusal::Ended));
}

#[tokio::test]
async fn so_many_searches_are_under_way_at_once_and_one_ends_when_nobody_waits_for_it() {
    let (engine, made, _dir) = started().await;
    let mut searches = JoinSet::new();
    for _ in 0..32 {
        let engine = engine.clone();
        searches.spawn(async move { engine.ask(search(&["silent"])).await });
        made.silence.notified().await;
    }
    for refused in [search(&["good"]), ask("good", TrackerQuestion::IsUp)] {
        assert_eq!(engine.ask(refused).await, Err(Refusal::TooManyQuestions));
    }
    searches.shutdown().await;
    // The engine hears of that a moment later.
    let room = async { while engine.ask(search(&["good"])).await == Err(Refusal::TooManyQuestions) {} };
    timeout(PATIENCE, room).await.expect("there is room again");
    engine.send(search(&["silent"])).await;
    engine.shutdown().await;
}

#[tokio::test]
async fn an_engine_that_only_asks_answers_what_needs_no_files_and_ends_at_once() {
    let engine = Engine::start_asking(Tokens::default(), None).unwrap();
    assert_eq!(engine.snapshot().listen.port(), 0, "it listens nowhere");
    for command in [Command::Share("/a".into()), Command::SetTrackers(vec![url("good")]), Command::RetryTrackers] {
        assert_eq!(engine.ask(command).await, Err(Refusal::AsksOnly));
    }
    // A tracker that takes the question and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = listener.local_addr().unwrap().to_string();
    let asking = engine.clone();
    let searching = tokio::spawn(async move { asking.ask(search(&[&silent])).await });
    let _connection = listener.accept().await.unwrap();
    timeout(SOON, engine.shutdown()).await.expect("the search does not keep the engine");
    assert_eq!(searching.await.unwrap(), Err(Refusal::Ended));
}
