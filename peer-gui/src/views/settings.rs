//! What a person can set: who one is, trackers, what the network may cost, how it looks.

use egui::{Checkbox, CollapsingHeader, Label, RichText, ScrollArea, Ui};

use super::tracker_settings;
use crate::actions::{Action, Zoom};
use crate::model::engine::Snapshot;
use crate::model::preferences::ThemeChoice;
use crate::state::ViewState;
use crate::widgets::controls;
use crate::widgets::tokens::CONTROL;
use crate::words;

/// Width of a field for a number.
const NUMBER: f32 = 130.0;

/// Shows the screen.
pub fn show(ui: &mut Ui, snapshot: &Snapshot, view: &mut ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::heading(ui, words::SETTINGS);
    ScrollArea::vertical().id_salt("settings").auto_shrink([false, false]).show(ui, |ui| {
        actions.extend(section(ui, words::DOWNLOAD_FOLDER, |ui| download_dir(ui, snapshot, view)));
        actions.extend(section(ui, words::YOUR_NAME, |ui| name(ui, view)));
        actions.extend(section(ui, words::TRACKERS, |ui| tracker_settings::list(ui, snapshot, view)));
        actions.extend(section(ui, words::RUN_TRACKER_TITLE, |ui| tracker_settings::local(ui, view)));
        actions.extend(section(ui, words::APPEARANCE, |ui| appearance(ui, view)));
        actions.extend(section(ui, words::NETWORK, |ui| network(ui, snapshot, view)));
        actions.extend(section(ui, words::SYSTEM, |ui| system(ui, view)));
        actions.extend(section(ui, words::ABOUT, |ui| about(ui, snapshot)));
    });
    actions
}

fn section<R>(ui: &mut Ui, title: &str, contents: impl FnOnce(&mut Ui) -> R) -> R {
    controls::card(ui, |ui| {
        controls::title(ui, title);
        contents(ui)
    })
}

fn download_dir(ui: &mut Ui, snapshot: &Snapshot, view: &mut ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::weak(ui, words::DOWNLOAD_FOLDER_HINT);
    controls::from_right(ui, CONTROL, |ui| {
        if controls::button(ui, words::CHOOSE_FOLDER).clicked() {
            actions.push(Action::PickDownloadDir);
        }
        let changed = view.fields.dir != snapshot.download_dir.display().to_string();
        let apply =
            ui.add_enabled_ui(changed && !view.fields.dir.trim().is_empty(), |ui| controls::button(ui, words::APPLY));
        let width = ui.available_width();
        let field = controls::field(ui, &mut view.fields.dir, words::DOWNLOAD_FOLDER, width);
        if apply.inner.clicked() || (changed && controls::submitted(ui, &field)) {
            actions.push(Action::UseTypedDir);
        }
    });
    actions
}

fn name(ui: &mut Ui, view: &mut ViewState) -> Option<Action> {
    controls::weak(ui, words::NAME_HINT);
    controls::from_right(ui, CONTROL, |ui| {
        let changed = view.fields.name.trim() != view.preferences.display_name;
        let apply = ui.add_enabled_ui(changed, |ui| controls::button(ui, words::USE_NAME)).inner.clicked();
        let width = ui.available_width();
        let field = controls::field(ui, &mut view.fields.name, words::NAME_FIELD, width);
        (apply || changed && controls::submitted(ui, &field)).then_some(Action::UseName)
    })
}

fn appearance(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    let choices = [
        (ThemeChoice::System, words::THEME_SYSTEM),
        (ThemeChoice::Light, words::THEME_LIGHT),
        (ThemeChoice::Dark, words::THEME_DARK),
    ];
    let mut actions = Vec::new();
    ui.horizontal(|ui| {
        for (choice, name) in choices {
            if ui.radio(view.preferences.theme == choice, name).clicked() {
                actions.push(Action::SetTheme(choice));
            }
        }
    });
    ui.horizontal(|ui| {
        for (zoom, label, name) in [
            (Zoom::Out, "−", words::ZOOM_OUT),
            (Zoom::Reset, "100%", words::ZOOM_RESET),
            (Zoom::In, "+", words::ZOOM_IN),
        ] {
            if controls::button(ui, label).accessible_name(name).clicked() {
                actions.push(Action::Zoom(zoom));
            }
        }
        controls::weak(ui, words::zoom(view.preferences.zoom));
    });
    actions
}

/// Advanced: folded away, since the defaults are good for most.
fn network(ui: &mut Ui, snapshot: &Snapshot, view: &mut ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::weak(ui, words::limits_now(snapshot.up_limit, snapshot.down_limit, snapshot.active_downloads));
    CollapsingHeader::new(words::ADVANCED).id_salt("network").show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            let mut submitted = false;
            for (field, name) in [
                (&mut view.fields.up, words::UP_LIMIT_FIELD),
                (&mut view.fields.down, words::DOWN_LIMIT_FIELD),
                (&mut view.fields.active, words::ACTIVE_FIELD),
            ] {
                let field = labelled(ui, name, field);
                submitted |= controls::submitted(ui, &field);
            }
            if controls::button(ui, words::USE_LIMITS).clicked() || submitted {
                actions.push(Action::UseLimits);
            }
        });
        ui.horizontal_wrapped(|ui| {
            let field = labelled(ui, words::PORT_FIELD, &mut view.fields.port);
            if controls::button(ui, words::USE_PORT).clicked() || controls::submitted(ui, &field) {
                actions.push(Action::UsePort);
            }
            controls::weak(ui, words::listening(snapshot.listen.port()));
        });
        if let Some(error) = view.fields.network_error {
            controls::problem(ui, error);
        }
    });
    actions
}

fn labelled(ui: &mut Ui, name: &'static str, field: &mut String) -> egui::Response {
    ui.vertical(|ui| {
        controls::weak(ui, name);
        controls::named_field(ui, field, name, NUMBER)
    })
    .inner
}

fn system(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut notifications = view.preferences.notifications;
    if ui.add(Checkbox::new(&mut notifications, words::NOTIFICATIONS)).changed() {
        actions.push(Action::SetNotifications(notifications));
    }
    let mut offer = view.preferences.offer_links;
    if ui.add(Checkbox::new(&mut offer, words::OFFER_LINKS)).changed() {
        actions.push(Action::SetOfferLinks(offer));
    }
    let mut links = view.links_registered;
    if ui.add(Checkbox::new(&mut links, words::REGISTER_LINKS)).changed() {
        actions.push(Action::RegisterLinks(links));
    }
    controls::weak(ui, words::REGISTER_LINKS_HINT);
    actions
}

fn about(ui: &mut Ui, snapshot: &Snapshot) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.add(Label::new(RichText::new(words::version())).selectable(true));
    ui.add(Label::new(words::peer_id(&snapshot.peer_id.to_string())).wrap().selectable(true));
    ui.horizontal_wrapped(|ui| {
        for (name, action) in [
            (words::SHORTCUTS, Action::Shortcuts),
            (words::SHOW_LOG, Action::ShowLog),
            (words::SHOW_LICENCES, Action::Licences),
        ] {
            if controls::button(ui, name).clicked() {
                actions.push(action);
            }
        }
    });
    actions
}
