//! The sidebar: the screens, and at the foot the trackers' state and the theme.

use egui::{Align, CornerRadius, FontId, Layout, Panel, Rect, Response, RichText, Role, Sense, Ui, WidgetInfo, vec2};

use crate::actions::{Action, SettingsAction};
use crate::model::engine::{Snapshot, TrackerState};
use crate::model::preferences::ThemeChoice;
use crate::model::screen::Screen;
use crate::model::tone::Tone;
use crate::state::ViewState;
use crate::widgets::tokens::{
    COMPACT_BELOW, CONTROL, GAP, GAP_LARGE, RADIUS, SIDEBAR, SIDEBAR_COMPACT, TEXT, TEXT_HEADING, palette,
};
use crate::widgets::{badge, controls, icons};
use crate::words;

const SCREENS: [(Screen, &str); 5] = [
    (Screen::Transfers, words::TRANSFERS),
    (Screen::Browse, words::BROWSE),
    (Screen::Share, words::SHARE),
    (Screen::Peers, words::PEERS),
    (Screen::Settings, words::SETTINGS),
];

/// Shows the sidebar at the left edge.
pub fn show(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState) -> Vec<Action> {
    let p = palette(ui);
    let compact = ui.available_width() < COMPACT_BELOW;
    let width = if compact { SIDEBAR_COMPACT } else { SIDEBAR };
    let frame = egui::Frame::new().fill(p.sidebar).inner_margin(egui::Margin::symmetric(10, 14));
    let id = if compact { "sidebar-compact" } else { "sidebar" };
    let panel = Panel::left(id).resizable(false).exact_size(width).frame(frame).show_separator_line(false);
    panel.show(ui, |ui| contents(ui, snapshot, view, compact)).inner
}

fn contents(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState, compact: bool) -> Vec<Action> {
    let mut actions = Vec::new();
    brand(ui, compact);
    ui.spacing_mut().item_spacing.y = 4.0;
    for (screen, name) in SCREENS {
        if entry(ui, screen, name, view.screen == screen, compact).clicked() {
            actions.push(Action::Show(screen));
        }
    }
    ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.y = GAP;
        if theme_switch(ui, compact).clicked() {
            let choice = if ui.visuals().dark_mode { ThemeChoice::Light } else { ThemeChoice::Dark };
            actions.push(Action::Settings(SettingsAction::SetTheme(choice)));
        }
        let (tone, word) = trackers(snapshot);
        match compact {
            true => {
                let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
                let sign = Rect::from_center_size(rect.center(), vec2(10.0, 10.0));
                icons::paint_tone(ui.painter(), sign, tone, palette(ui).tone(tone));
                response.widget_info(|| WidgetInfo::labeled(Role::Label, true, word));
                response.on_hover_text(word);
            }
            false => {
                ui.allocate_ui(vec2(ui.available_width(), 20.0), |ui| badge::show(ui, tone, word));
            }
        }
    });
    actions
}

fn brand(ui: &mut Ui, compact: bool) {
    let p = palette(ui);
    ui.horizontal(|ui| {
        ui.add_space(if compact { 4.0 } else { 8.0 });
        let (rect, _) = ui.allocate_exact_size(vec2(32.0, 24.0), Sense::hover());
        icons::fish(ui.painter(), rect, p.accent, p.sidebar);
        if !compact {
            ui.label(RichText::new(words::APP).size(TEXT_HEADING));
        }
    });
    ui.add_space(GAP_LARGE);
}

fn entry(ui: &mut Ui, screen: Screen, name: &str, selected: bool, compact: bool) -> Response {
    let p = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), CONTROL + 4.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, selected, name));
    let radius = CornerRadius::same(RADIUS);
    let fill = match (selected, response.hovered()) {
        (true, _) => Some(p.selection),
        (false, true) => Some(p.hover),
        (false, false) => None,
    };
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, radius, fill);
    }
    if response.has_focus() {
        let line = egui::Stroke::new(2.0, p.accent);
        ui.painter().rect_stroke(rect, radius, line, egui::StrokeKind::Inside);
    }
    let color = if selected { p.text } else { p.weak };
    let middle = if compact { rect.center().x } else { rect.left() + 20.0 };
    let icon = Rect::from_center_size(egui::pos2(middle, rect.center().y), vec2(16.0, 16.0));
    icons::screen(ui.painter(), icon, screen, color);
    if compact {
        return response.on_hover_text(name);
    }
    let at = egui::pos2(rect.left() + 40.0, rect.center().y);
    ui.painter().text(at, egui::Align2::LEFT_CENTER, name, FontId::proportional(TEXT), p.text);
    response
}

fn theme_switch(ui: &mut Ui, compact: bool) -> Response {
    let name = if ui.visuals().dark_mode { words::TO_LIGHT } else { words::TO_DARK };
    if !compact {
        return controls::button(ui, name);
    }
    let p = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), CONTROL), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let line = if response.has_focus() { egui::Stroke::new(2.0, p.accent) } else { egui::Stroke::new(1.0, p.border) };
    let fill = if response.hovered() { p.raised_hover } else { p.raised };
    ui.painter().rect(rect, RADIUS, fill, line, egui::StrokeKind::Inside);
    // Half a disc: the other half of the day.
    ui.painter().circle_stroke(rect.center(), 7.0, egui::Stroke::new(1.5, p.text));
    let half = ui.painter().with_clip_rect(Rect::from_min_max(rect.center_top(), rect.right_bottom()));
    half.circle_filled(rect.center(), 7.0, p.text);
    response.on_hover_text(name)
}

/// State of all trackers, in a word.
pub fn trackers(snapshot: &Snapshot) -> (Tone, &'static str) {
    let states = || snapshot.trackers.iter().map(|tracker| &tracker.state);
    let online = states().filter(|state| **state == TrackerState::Online).count();
    if snapshot.trackers.iter().any(|tracker| tracker.state == TrackerState::Online && tracker.refusal.is_some()) {
        return (Tone::Trouble, words::TRACKER_REFUSES);
    }
    let away = states().filter(|state| matches!(state, TrackerState::Away { .. })).count();
    match (snapshot.trackers.len(), online, away) {
        (0, _, _) => (Tone::Absent, words::TRACKER_NONE),
        (all, online, _) if online == all => (Tone::Good, words::TRACKER_ONLINE),
        (all, _, away) if away == all => (Tone::Trouble, words::TRACKER_AWAY),
        (_, _, 1..) => (Tone::Waiting, words::TRACKER_SOME_AWAY),
        _ => (Tone::Waiting, words::TRACKER_CONNECTING),
    }
}
