//! The Settings screen: folders, name, trackers, colours, limits, and other services of the system.

use egui::{Checkbox, CollapsingHeader, Label, RichText, ScrollArea, Ui};

use super::tracker_settings;
use crate::actions::{Action, DialogAction, SettingsAction, SettingsField, Zoom};
use crate::model::engine::Snapshot;
use crate::model::preferences::ThemeChoice;
use crate::state::ViewState;
use crate::widgets::controls;
use crate::widgets::tokens::CONTROL;
use crate::words;

/// Width of a field for a number, in points.
const NUMBER: f32 = 130.0;

/// Shows the Settings screen.
pub fn show(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState) -> Vec<Action> {
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

fn download_dir(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::weak(ui, words::DOWNLOAD_FOLDER_HINT);
    controls::from_right(ui, CONTROL, |ui| {
        if controls::button(ui, words::CHOOSE_FOLDER).clicked() {
            actions.push(Action::Settings(SettingsAction::PickDownloadDir));
        }
        let in_use = snapshot.download_dir.display().to_string();
        let is_other = view.settings.dir != in_use && !view.settings.dir.trim().is_empty();
        let apply = ui.add_enabled_ui(is_other, |ui| controls::button(ui, words::APPLY));
        let width = ui.available_width();
        let field = controls::field(ui, &view.settings.dir, words::DOWNLOAD_FOLDER, width);
        actions.extend(typed(&field, SettingsField::Dir));
        if apply.inner.clicked() || (field.text != in_use && field.submitted(ui)) {
            actions.push(Action::Settings(SettingsAction::UseDir));
        }
    });
    actions
}

fn typed(field: &controls::Field, of: SettingsField) -> Option<Action> {
    field.edited().map(|text| Action::Settings(SettingsAction::Type(of, text)))
}

fn name(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::weak(ui, words::NAME_HINT);
    controls::from_right(ui, CONTROL, |ui| {
        let in_use = &view.preferences.display_name;
        let is_other = view.settings.name.trim() != in_use;
        let apply = ui.add_enabled_ui(is_other, |ui| controls::button(ui, words::USE_NAME)).inner.clicked();
        let width = ui.available_width();
        let field = controls::field(ui, &view.settings.name, words::NAME_FIELD, width);
        actions.extend(typed(&field, SettingsField::Name));
        if apply || field.text.trim() != in_use && field.submitted(ui) {
            actions.push(Action::Settings(SettingsAction::UseName));
        }
    });
    actions
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
                actions.push(Action::Settings(SettingsAction::SetTheme(choice)));
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
                actions.push(Action::Settings(SettingsAction::Zoom(zoom)));
            }
        }
        controls::weak(ui, words::zoom(view.preferences.zoom));
    });
    actions
}

/// Shows limits and port, folded away, since the defaults are good for most.
fn network(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::weak(ui, words::limits_now(snapshot.up_limit, snapshot.down_limit, snapshot.active_downloads));
    CollapsingHeader::new(words::ADVANCED).id_salt("network").show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            let mut submitted = false;
            for (of, text, name) in [
                (SettingsField::Up, &view.settings.up, words::UP_LIMIT_FIELD),
                (SettingsField::Down, &view.settings.down, words::DOWN_LIMIT_FIELD),
                (SettingsField::Active, &view.settings.active, words::ACTIVE_FIELD),
            ] {
                let field = labelled(ui, name, text);
                actions.extend(typed(&field, of));
                submitted |= field.submitted(ui);
            }
            if controls::button(ui, words::USE_LIMITS).clicked() || submitted {
                actions.push(Action::Settings(SettingsAction::UseLimits));
            }
        });
        ui.horizontal_wrapped(|ui| {
            let field = labelled(ui, words::PORT_FIELD, &view.settings.port);
            actions.extend(typed(&field, SettingsField::Port));
            if controls::button(ui, words::USE_PORT).clicked() || field.submitted(ui) {
                actions.push(Action::Settings(SettingsAction::UsePort));
            }
            controls::weak(ui, words::listening(snapshot.listen.port()));
        });
        if let Some(error) = view.settings.error {
            controls::problem(ui, error);
        }
    });
    actions
}

fn labelled(ui: &mut Ui, name: &'static str, text: &str) -> controls::Field {
    ui.vertical(|ui| {
        controls::weak(ui, name);
        controls::named_field(ui, text, name, NUMBER)
    })
    .inner
}

fn system(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut notifications = view.preferences.notifications;
    if ui.add(Checkbox::new(&mut notifications, words::NOTIFICATIONS)).changed() {
        actions.push(Action::Settings(SettingsAction::SetNotifications(notifications)));
    }
    let mut offer = view.preferences.offer_links;
    if ui.add(Checkbox::new(&mut offer, words::OFFER_LINKS)).changed() {
        actions.push(Action::Settings(SettingsAction::SetOfferLinks(offer)));
    }
    let mut links = view.settings.links_registered;
    if ui.add(Checkbox::new(&mut links, words::REGISTER_LINKS)).changed() {
        actions.push(Action::Settings(SettingsAction::RegisterLinks(links)));
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
            (words::SHORTCUTS, Action::Dialog(DialogAction::Shortcuts)),
            (words::SHOW_LOG, Action::Dialog(DialogAction::ShowLog)),
            (words::SHOW_LICENCES, Action::Dialog(DialogAction::Licences)),
        ] {
            if controls::button(ui, name).clicked() {
                actions.push(action);
            }
        }
    });
    actions
}
