//! Notification of systemd, for a service of `Type=notify`: that it is ready, that it is ending, and that it is alive.
//! Where nobody asked for it, nothing is said.

#[cfg(unix)]
mod systemd {
    use std::time::Duration;

    use sd_notify::NotifyState;
    use tokio::time::{MissedTickBehavior, interval};

    /// Says that the tracker is ready.
    pub fn ready() {
        say(&NotifyState::Ready);
    }

    /// Says that the tracker is about to end.
    pub fn stopping() {
        say(&NotifyState::Stopping);
    }

    /// Says again and again that the tracker is alive, if that is asked for; never ends.
    pub async fn alive() {
        let Some(time) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
        // systemd.watchdog recommends half of the time.
        let mut ticks = interval((time / 2).max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            say(&NotifyState::Watchdog);
        }
    }

    fn say(state: &NotifyState<'_>) {
        if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
            tracing::warn!(%error, "systemd could not be told");
        }
    }
}

#[cfg(not(unix))]
mod systemd {
    /// Does nothing: there is nobody to tell on this system.
    pub fn ready() {}

    /// Does nothing: there is nobody to tell on this system.
    pub fn stopping() {}

    /// Waits for ever: there is nobody to tell on this system.
    pub async fn alive() {
        std::future::pending().await
    }
}

pub use systemd::{alive, ready, stopping};
