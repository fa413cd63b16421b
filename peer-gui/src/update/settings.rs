//! What is kept for the next run, and the trackers.

use std::path::PathBuf;

use sprat_protocol::tracker::AccessToken;
use url::Url;

use super::effect::Effect;
use crate::actions::{Action, Zoom};
use crate::model::engine::Command;
use crate::model::messages::Request;
use crate::model::preferences::{Preferences, Reach, ZOOM};
use crate::model::{trackers, typed};
use crate::state::toasts::Mood;
use crate::state::{TrackerTest, ViewState};
use crate::words;

/// How much a step of the zoom is, in percent.
const ZOOM_STEP: u16 = 10;
/// The longest name of a peer, in characters.
const MAX_NAME: usize = 64;
/// The most downloads that may be made to run at once.
const MAX_ACTIVE: usize = 1000;

pub(super) fn update(view: &mut ViewState, action: Action, now: f64) -> Vec<Effect> {
    match action {
        Action::SetTheme(theme) => preferences(view, |preferences| preferences.theme = theme),
        Action::Zoom(zoom) => preferences(view, |preferences| preferences.zoom = zoomed(preferences.zoom, zoom)),
        Action::SetOfferLinks(on) => preferences(view, |preferences| preferences.offer_links = on),
        Action::SetNotifications(on) => preferences(view, |preferences| preferences.notifications = on),
        Action::SortBy(column) => preferences(view, |preferences| preferences.sort = preferences.sort.toggled(column)),
        Action::ToggleColumn(column) => preferences(view, |preferences| {
            let hidden = &mut preferences.hidden_columns;
            match hidden.iter().position(|other| *other == column) {
                Some(at) => drop(hidden.remove(at)),
                None if column.can_hide() => hidden.push(column),
                None => {}
            }
        }),
        Action::SetWidth { column, width, keep } => {
            view.preferences.widths.insert(column, width);
            if keep { vec![Effect::save(&view.preferences)] } else { Vec::new() }
        }
        Action::PickDownloadDir => vec![Effect::Ask(Request::PickDownloadDir)],
        Action::UseTypedDir => typed::path(&view.fields.dir).map(|dir| use_dir(view, dir)).unwrap_or_default(),
        Action::UseName => use_name(view, now),
        Action::UseLimits => use_limits(view, now),
        Action::UsePort => use_port(view, now),
        Action::AddTracker => add_tracker(view),
        Action::TestTracker(url) => {
            view.tracker_tests.insert(url.clone(), TrackerTest::Asking);
            vec![Effect::Ask(Request::TestTracker(url))]
        }
        Action::RemoveTracker(url) => {
            view.tracker_tests.remove(&url);
            set_trackers(view, |list| list.retain(|other| *other != url))
        }
        Action::EditToken(tracker) => edit_token(view, tracker),
        Action::UseToken => use_token(view, now),
        Action::ForgetToken => set_token(view, None, now),
        Action::RunTracker(reach) => local_tracker(view, reach),
        Action::RegisterLinks(on) => vec![Effect::Ask(Request::RegisterLinks(on))],
        Action::FinishSetup => finish_setup(view, now),
        _ => Vec::new(),
    }
}

fn preferences(view: &mut ViewState, change: impl FnOnce(&mut Preferences)) -> Vec<Effect> {
    change(&mut view.preferences);
    vec![Effect::save(&view.preferences)]
}

fn zoomed(zoom: u16, step: Zoom) -> u16 {
    let zoom = match step {
        Zoom::In => zoom + ZOOM_STEP,
        Zoom::Out => zoom.saturating_sub(ZOOM_STEP),
        Zoom::Reset => 100,
    };
    zoom.clamp(*ZOOM.start(), *ZOOM.end())
}

/// Saves downloads in this folder from now on.
pub(super) fn use_dir(view: &mut ViewState, dir: PathBuf) -> Vec<Effect> {
    view.fields.dir = dir.display().to_string();
    let mut effects = preferences(view, |preferences| preferences.download_dir = Some(dir.clone()));
    effects.push(Effect::Engine(Command::SetDownloadDir(dir)));
    effects
}

fn use_name(view: &mut ViewState, now: f64) -> Vec<Effect> {
    let name: String = view.fields.name.trim().chars().take(MAX_NAME).collect();
    view.toasts.push(if name.is_empty() { words::NAME_CLEARED } else { words::NAME_SET }, Mood::Good, now);
    let mut effects = preferences(view, |preferences| preferences.display_name.clone_from(&name));
    effects.push(Effect::Engine(Command::SetDisplayName(name)));
    effects
}

fn use_limits(view: &mut ViewState, now: f64) -> Vec<Effect> {
    let (up, down) = (typed::parse_limit(&view.fields.up), typed::parse_limit(&view.fields.down));
    let active = view.fields.active.trim().parse::<usize>().ok().filter(|active| (1..=MAX_ACTIVE).contains(active));
    let (Ok(up), Ok(down)) = (up, down) else {
        view.fields.network_error = Some(words::BAD_LIMIT);
        return Vec::new();
    };
    let Some(active) = active else {
        view.fields.network_error = Some(words::BAD_ACTIVE);
        return Vec::new();
    };
    view.fields.network_error = None;
    view.toasts.push(words::LIMITS_SET, Mood::Good, now);
    let mut effects = preferences(view, |preferences| {
        (preferences.up_limit, preferences.down_limit, preferences.active_downloads) = (up, down, active);
    });
    effects.push(Effect::Engine(Command::SetRates { up, down }));
    effects.push(Effect::Engine(Command::SetActiveDownloads(active)));
    effects
}

fn use_port(view: &mut ViewState, now: f64) -> Vec<Effect> {
    let port = match view.fields.port.trim() {
        "" | "0" => None,
        number => match number.parse::<u16>() {
            Ok(port) => Some(port),
            Err(_) => {
                view.fields.network_error = Some(words::BAD_PORT);
                return Vec::new();
            }
        },
    };
    view.fields.network_error = None;
    view.toasts.push(words::PORT_SET, Mood::Good, now);
    preferences(view, |preferences| preferences.port = port)
}

fn add_tracker(view: &mut ViewState) -> Vec<Effect> {
    let Some(url) = trackers::parse(&view.fields.tracker) else {
        view.fields.tracker_error = Some(words::BAD_TRACKER);
        return Vec::new();
    };
    if view.effective_trackers().contains(&url) {
        view.fields.tracker_error = Some(words::TRACKER_KNOWN);
        return Vec::new();
    }
    view.fields.tracker.clear();
    view.fields.tracker_error = None;
    set_trackers(view, |list| {
        if !list.contains(&url) {
            list.push(url.clone());
        }
    })
}

/// Changes the trackers in use, and those that are kept: these may be others in a run whose command line named some.
fn set_trackers(view: &mut ViewState, change: impl Fn(&mut Vec<Url>)) -> Vec<Effect> {
    change(&mut view.trackers);
    let mut effects = preferences(view, |preferences| change(&mut preferences.trackers));
    effects.push(Effect::Engine(Command::SetTrackers(view.effective_trackers())));
    effects
}

fn edit_token(view: &mut ViewState, tracker: Option<Url>) -> Vec<Effect> {
    view.fields.token_for = tracker;
    view.fields.token.clear();
    view.fields.token_error = None;
    Vec::new()
}

fn use_token(view: &mut ViewState, now: f64) -> Vec<Effect> {
    match view.fields.token.trim().parse::<AccessToken>() {
        Ok(token) => set_token(view, Some(token), now),
        Err(_) => {
            view.fields.token_error = Some(words::BAD_TOKEN);
            Vec::new()
        }
    }
}

fn set_token(view: &mut ViewState, token: Option<AccessToken>, now: f64) -> Vec<Effect> {
    let Some(tracker) = view.fields.token_for.take() else { return Vec::new() };
    view.fields.token.clear();
    view.fields.token_error = None;
    view.toasts.push(if token.is_some() { words::TOKEN_KEPT } else { words::TOKEN_FORGOTTEN }, Mood::Good, now);
    let save = Request::SaveToken { tracker: tracker.clone(), token: token.clone() };
    vec![Effect::Ask(save), Effect::Engine(Command::SetToken { tracker, token })]
}

fn local_tracker(view: &mut ViewState, reach: Reach) -> Vec<Effect> {
    let mut effects = preferences(view, |preferences| preferences.local_tracker = reach);
    effects.push(Effect::Ask(Request::LocalTracker(reach)));
    effects
}

/// What was typed into the first start's card counts, and the card goes.
fn finish_setup(view: &mut ViewState, now: f64) -> Vec<Effect> {
    let mut effects = Vec::new();
    if !view.fields.tracker.trim().is_empty() {
        effects.extend(add_tracker(view));
        if view.fields.tracker_error.is_some() {
            return effects;
        }
    }
    if view.fields.name.trim() != view.preferences.display_name {
        effects.extend(use_name(view, now));
    }
    effects.extend(preferences(view, |preferences| preferences.setup_done = true));
    effects
}
