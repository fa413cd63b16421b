//! Actions on the Settings screen and on the card of the first start.

use std::path::PathBuf;

use super::effect::Effect;
use super::steps::change_preferences;
use super::trackers;
use crate::actions::{SettingsAction, SettingsField, Zoom};
use crate::model::engine::{Command, Snapshot};
use crate::model::messages::Request;
use crate::model::preferences::ZOOM;
use crate::model::typed;
use crate::state::ViewState;
use crate::state::settings::Settings;
use crate::state::toasts::Mood;
use crate::words;

/// Step of the zoom, in percent.
const ZOOM_STEP: u16 = 10;
/// Longest name of a peer, in characters.
const MAX_NAME: usize = 64;
/// Greatest number of downloads that may run at once.
const MAX_ACTIVE: usize = 1000;

pub(super) fn update(view: &mut ViewState, snapshot: &Snapshot, action: SettingsAction, now: f64) -> Vec<Effect> {
    match action {
        SettingsAction::SetTheme(theme) => change_preferences(view, |preferences| preferences.theme = theme),
        SettingsAction::Zoom(step) => {
            change_preferences(view, |preferences| preferences.zoom = zoomed(preferences.zoom, step))
        }
        SettingsAction::SetOfferLinks(on) => change_preferences(view, |preferences| preferences.offer_links = on),
        SettingsAction::SetNotifications(on) => change_preferences(view, |preferences| preferences.notifications = on),
        SettingsAction::RegisterLinks(on) => vec![Effect::Ask(Request::RegisterLinks(on))],
        SettingsAction::Type(field, text) => {
            *field_of(&mut view.settings, field) = text;
            Vec::new()
        }
        SettingsAction::PickDownloadDir => vec![Effect::Ask(Request::PickDownloadDir)],
        SettingsAction::UseDir => use_typed_dir(view),
        SettingsAction::UseName => use_name(view, now),
        SettingsAction::UseLimits => use_limits(view, now),
        SettingsAction::UsePort => use_port(view, now),
        SettingsAction::FinishSetup => finish_setup(view, snapshot, now),
    }
}

fn field_of(settings: &mut Settings, field: SettingsField) -> &mut String {
    match field {
        SettingsField::Dir => &mut settings.dir,
        SettingsField::Name => &mut settings.name,
        SettingsField::Port => &mut settings.port,
        SettingsField::Up => &mut settings.up,
        SettingsField::Down => &mut settings.down,
        SettingsField::Active => &mut settings.active,
    }
}

fn zoomed(zoom: u16, step: Zoom) -> u16 {
    let zoom = match step {
        Zoom::In => zoom + ZOOM_STEP,
        Zoom::Out => zoom.saturating_sub(ZOOM_STEP),
        Zoom::Reset => 100,
    };
    zoom.clamp(*ZOOM.start(), *ZOOM.end())
}

fn use_typed_dir(view: &mut ViewState) -> Vec<Effect> {
    typed::path(&view.settings.dir).map(|dir| use_dir(view, dir)).unwrap_or_default()
}

/// Saves new downloads in this folder.
pub(super) fn use_dir(view: &mut ViewState, dir: PathBuf) -> Vec<Effect> {
    view.settings.dir = dir.display().to_string();
    let mut effects = change_preferences(view, |preferences| preferences.download_dir = Some(dir.clone()));
    effects.push(Effect::Engine(Command::SetDownloadDir(dir)));
    effects
}

fn use_name(view: &mut ViewState, now: f64) -> Vec<Effect> {
    let name: String = view.settings.name.trim().chars().take(MAX_NAME).collect();
    view.toasts.push(if name.is_empty() { words::NAME_CLEARED } else { words::NAME_SET }, Mood::Good, now);
    let mut effects = change_preferences(view, |preferences| preferences.display_name.clone_from(&name));
    effects.push(Effect::Engine(Command::SetDisplayName(name)));
    effects
}

fn use_limits(view: &mut ViewState, now: f64) -> Vec<Effect> {
    let (up, down) = (typed::parse_limit(&view.settings.up), typed::parse_limit(&view.settings.down));
    let active = view.settings.active.trim().parse::<usize>().ok().filter(|active| (1..=MAX_ACTIVE).contains(active));
    let (Ok(up), Ok(down)) = (up, down) else {
        view.settings.error = Some(words::BAD_LIMIT);
        return Vec::new();
    };
    let Some(active) = active else {
        view.settings.error = Some(words::BAD_ACTIVE);
        return Vec::new();
    };
    view.settings.error = None;
    view.toasts.push(words::LIMITS_SET, Mood::Good, now);
    let mut effects = change_preferences(view, |preferences| {
        (preferences.up_limit, preferences.down_limit, preferences.active_downloads) = (up, down, active);
    });
    effects.push(Effect::Engine(Command::SetRates { up, down }));
    effects.push(Effect::Engine(Command::SetActiveDownloads(active)));
    effects
}

fn use_port(view: &mut ViewState, now: f64) -> Vec<Effect> {
    let port = match view.settings.port.trim() {
        "" | "0" => None,
        number => match number.parse::<u16>() {
            Ok(port) => Some(port),
            Err(_) => {
                view.settings.error = Some(words::BAD_PORT);
                return Vec::new();
            }
        },
    };
    view.settings.error = None;
    view.toasts.push(words::PORT_SET, Mood::Good, now);
    change_preferences(view, |preferences| preferences.port = port)
}

/// Uses the fields of the first start's card, and closes the card.
fn finish_setup(view: &mut ViewState, snapshot: &Snapshot, now: f64) -> Vec<Effect> {
    let mut effects = Vec::new();
    if view.settings.dir != snapshot.download_dir.display().to_string() {
        effects.extend(use_typed_dir(view));
    }
    if !view.trackers.address.trim().is_empty() {
        effects.extend(trackers::add(view));
        if view.trackers.error.is_some() {
            return effects;
        }
    }
    if view.settings.name.trim() != view.preferences.display_name {
        effects.extend(use_name(view, now));
    }
    effects.extend(change_preferences(view, |preferences| preferences.setup_done = true));
    effects
}
