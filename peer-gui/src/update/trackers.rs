//! Actions on trackers.

use sprat_protocol::tracker::AccessToken;
use url::Url;

use super::effect::Effect;
use super::steps::change_preferences;
use crate::actions::TrackerAction;
use crate::model::engine::Command;
use crate::model::messages::Request;
use crate::model::preferences::Reach;
use crate::model::trackers;
use crate::state::toasts::Mood;
use crate::state::{TrackerTest, ViewState};
use crate::words;

pub(super) fn update(view: &mut ViewState, action: TrackerAction, now: f64) -> Vec<Effect> {
    match action {
        TrackerAction::TypeAddress(address) => {
            (view.trackers.address, view.trackers.error) = (address, None);
            Vec::new()
        }
        TrackerAction::Add => add(view),
        TrackerAction::Test(url) => {
            view.trackers.tests.insert(url.clone(), TrackerTest::Asking);
            vec![Effect::Ask(Request::TestTracker(url))]
        }
        TrackerAction::Remove(url) => {
            view.trackers.tests.remove(&url);
            set_trackers(view, |list| list.retain(|other| *other != url))
        }
        TrackerAction::EditToken(tracker) => edit_token(view, tracker),
        TrackerAction::TypeToken(token) => {
            (view.trackers.token, view.trackers.token_error) = (token, None);
            Vec::new()
        }
        TrackerAction::UseToken => use_token(view, now),
        TrackerAction::ForgetToken => set_token(view, None, now),
        TrackerAction::RunLocal(reach) => run_local(view, reach),
        TrackerAction::Retry => vec![Effect::Engine(Command::RetryTrackers)],
    }
}

/// Adds the tracker in the field.
pub(super) fn add(view: &mut ViewState) -> Vec<Effect> {
    let Some(url) = trackers::parse(&view.trackers.address) else {
        view.trackers.error = Some(words::BAD_TRACKER);
        return Vec::new();
    };
    if view.trackers.all().contains(&url) {
        view.trackers.error = Some(words::TRACKER_KNOWN);
        return Vec::new();
    }
    view.trackers.address.clear();
    view.trackers.error = None;
    set_trackers(view, |list| {
        if !list.contains(&url) {
            list.push(url.clone());
        }
    })
}

/// Changes the trackers in use, and those that are kept: they differ in a run whose command line names trackers.
fn set_trackers(view: &mut ViewState, change: impl Fn(&mut Vec<Url>)) -> Vec<Effect> {
    change(&mut view.trackers.in_use);
    let mut effects = change_preferences(view, |preferences| change(&mut preferences.trackers));
    effects.push(Effect::Engine(Command::SetTrackers(view.trackers.all())));
    effects
}

fn edit_token(view: &mut ViewState, tracker: Option<Url>) -> Vec<Effect> {
    view.trackers.token_for = tracker;
    view.trackers.token.clear();
    view.trackers.token_error = None;
    Vec::new()
}

fn use_token(view: &mut ViewState, now: f64) -> Vec<Effect> {
    match view.trackers.token.trim().parse::<AccessToken>() {
        Ok(token) => set_token(view, Some(token), now),
        Err(_) => {
            view.trackers.token_error = Some(words::BAD_TOKEN);
            Vec::new()
        }
    }
}

fn set_token(view: &mut ViewState, token: Option<AccessToken>, now: f64) -> Vec<Effect> {
    let Some(tracker) = view.trackers.token_for.take() else { return Vec::new() };
    view.trackers.token.clear();
    view.trackers.token_error = None;
    view.toasts.push(if token.is_some() { words::TOKEN_KEPT } else { words::TOKEN_FORGOTTEN }, Mood::Good, now);
    vec![Effect::Ask(Request::SaveToken { tracker, token })]
}

fn run_local(view: &mut ViewState, reach: Reach) -> Vec<Effect> {
    let mut effects = change_preferences(view, |preferences| preferences.local_tracker = reach);
    effects.push(Effect::Ask(Request::LocalTracker(reach)));
    effects
}
