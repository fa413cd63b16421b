//! Notifications on the desktop.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use notify_rust::{Notification, NotificationHandle};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::pending::{Pending, within};
use crate::words;

/// Time that a desktop has to show a notification.
const PATIENCE: Duration = Duration::from_secs(2);
/// Number of notifications that are held on to. Some desktops take away the notifications of whoever has left the bus;
/// macOS shows one only once it is let go of.
const KEPT: usize = if cfg!(any(windows, target_os = "macos")) { 0 } else { 4 };

/// Notifications that were shown last.
#[derive(Clone, Debug, Default)]
pub(super) struct Notifications(Arc<Mutex<VecDeque<NotificationHandle>>>);

impl Notifications {
    /// Shows a notification. A desktop without them is an error.
    pub(super) fn show(&self, title: &str, body: &str) -> Pending<io::Result<()>> {
        let (shown, title, body) = (self.0.clone(), title.to_owned(), body.to_owned());
        Box::pin(async move {
            let showing = async {
                // One at a time: a desktop that hangs has one thread of ours, and no more.
                let shown = shown.lock_owned().await;
                within(PATIENCE, move || show(shown, &title, &body)).await
            };
            tokio::time::timeout(PATIENCE, showing).await?
        })
    }
}

fn show(mut shown: OwnedMutexGuard<VecDeque<NotificationHandle>>, title: &str, body: &str) -> io::Result<()> {
    let body = if has_markup() { escaped(body) } else { body.to_owned() };
    let mut notification = Notification::new();
    notification.appname(words::APP).summary(title).body(&body);
    #[cfg(all(unix, not(target_os = "macos")))]
    notification.icon("sprat").hint(notify_rust::Hint::DesktopEntry("sprat".to_owned()));
    shown.push_back(notification.show().map_err(io::Error::other)?);
    if shown.len() > KEPT {
        shown.pop_front();
    }
    Ok(())
}

/// Tells whether the desktop takes a body for markup.
#[cfg(all(unix, not(target_os = "macos")))]
fn has_markup() -> bool {
    notify_rust::get_capabilities().is_ok_and(|can| can.iter().any(|capability| capability == "body-markup"))
}

#[cfg(any(windows, target_os = "macos"))]
fn has_markup() -> bool {
    false
}

/// Escapes a text as markup: a file's name must not be able to put a link or a picture there.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_that_hangs_does_not_hold_up_the_next_for_long() {
        let notifications = Notifications::default();
        let _hangs = notifications.0.clone().lock_owned().await;
        assert_eq!(notifications.show("a", "b").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn names_are_not_taken_for_markup() {
        assert_eq!(escaped("<a href='x'>a & b</a>"), "&lt;a href='x'&gt;a &amp; b&lt;/a&gt;");
    }
}
