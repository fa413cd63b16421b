//! The banners above every screen: trackers that do not answer, and a link from elsewhere.

use std::time::Duration;

use egui::{Label, Panel, RichText, Ui};
use sprat_protocol::FileName;

use crate::actions::{Action, AddAction, TrackerAction};
use crate::model::engine::TrackerState;
use crate::model::tone::Tone;
use crate::model::trackers;
use crate::state::{Received, ViewState};
use crate::widgets::tokens::{CONTROL, palette};
use crate::widgets::{controls, icons};
use crate::words;

/// Shows the link that is offered.
pub fn offer(ui: &mut Ui, view: &ViewState) -> Option<Action> {
    let link = view.adding.offers.front()?;
    let p = palette(ui);
    let frame = egui::Frame::new().fill(p.surface).inner_margin(egui::Margin::symmetric(16, 6));
    let panel = Panel::top("offer").frame(frame).show(ui, |ui| {
        controls::from_right(ui, CONTROL, |ui| {
            let no = controls::button(ui, words::DISMISS).clicked();
            let yes = controls::primary(ui, words::DOWNLOAD_IT).clicked();
            controls::rest(ui, |ui| {
                let name = link.name.as_deref().map(FileName::clean);
                let said = words::offer(name.as_ref().map(FileName::as_str), &link.file_id.to_string());
                ui.add(Label::new(RichText::new(said).color(p.text)).truncate());
            });
            (yes, no)
        })
    });
    match panel.inner {
        (true, _) => Some(Action::Add(AddAction::AcceptOffer)),
        (_, true) => Some(Action::Add(AddAction::DeclineOffer)),
        _ => None,
    }
}

/// Shows a line for the first tracker that is away; the settings have them all.
pub fn show(ui: &mut Ui, received: &Received, now: f64) -> Option<Action> {
    let away = received.snapshot.trackers.iter().find_map(|tracker| match &tracker.state {
        TrackerState::Away { retry_in, .. } => Some((&tracker.url, *retry_in)),
        TrackerState::Connecting | TrackerState::Online => None,
    });
    let (url, retry_in) = away?;
    let left = retry_in.saturating_sub(Duration::from_secs_f64((now - received.at).max(0.0)));
    if !left.is_zero() {
        // The number changes once a second.
        let within_second = Duration::from_nanos(u64::from(left.subsec_nanos()) + 1_000_000);
        ui.ctx().request_repaint_after(within_second);
    }
    let p = palette(ui);
    let frame = egui::Frame::new().fill(p.surface).inner_margin(egui::Margin::symmetric(16, 6));
    let panel = Panel::top("banner").frame(frame).show(ui, |ui| {
        controls::from_right(ui, CONTROL, |ui| {
            let retry = controls::button(ui, words::RETRY_NOW);
            controls::rest(ui, |ui| {
                icons::tone(ui, Tone::Trouble);
                let sentence = words::tracker_away(&trackers::host(url), left);
                ui.add(Label::new(RichText::new(sentence).color(p.text)).wrap());
            });
            retry.clicked()
        })
    });
    panel.inner.then_some(Action::Trackers(TrackerAction::Retry))
}
