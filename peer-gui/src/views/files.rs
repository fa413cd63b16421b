//! The files of a folder, and their priorities.

use egui::{RichText, ScrollArea, Ui};

use crate::actions::{Action, TransferAction};
use crate::model::engine::{Detail, Priority};
use crate::widgets::tokens::{LINE, palette};
use crate::widgets::{controls, table};
use crate::words::{self, format};

/// Width of a button's room, so that the sizes beside it are below each other.
const BUTTON: f32 = 84.0;

/// Shows the files; only those on the screen are drawn.
pub fn show(ui: &mut Ui, detail: Option<&Detail>) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some(detail) = detail.filter(|detail| !detail.files.is_empty()) else {
        controls::weak(ui, words::NO_FILES_YET);
        return actions;
    };
    let scroll = ScrollArea::vertical().id_salt("files").auto_shrink([false, false]);
    scroll.show_rows(ui, LINE, detail.files.len(), |ui, range| {
        for at in range {
            let place = u32::try_from(at).unwrap_or(u32::MAX);
            let priority = detail.priorities.get(&place).copied().unwrap_or_default();
            let file = &detail.files[at];
            controls::from_right(ui, LINE, |ui| {
                let name = words::priority_of(&file.path, priority);
                let button = |ui: &mut Ui| controls::small(ui, words::priority(priority), &name).clicked();
                let right = egui::Layout::right_to_left(egui::Align::Center);
                if ui.allocate_ui_with_layout(egui::vec2(BUTTON, LINE), right, button).inner {
                    actions.push(Action::Transfers(TransferAction::SetPriority(vec![place], next(priority))));
                }
                controls::weak(ui, format::size(file.size));
                controls::rest(ui, |ui| match priority {
                    Priority::Off => {
                        let color = palette(ui).weak;
                        ui.add(egui::Label::new(RichText::new(&file.path).color(color).strikethrough()).truncate());
                    }
                    _ => drop(table::name(ui, &file.path)),
                });
            });
        }
    });
    actions
}

/// Priority after a click on the button of this one.
fn next(priority: Priority) -> Priority {
    match priority {
        Priority::Normal => Priority::High,
        Priority::High => Priority::Off,
        Priority::Off => Priority::Normal,
    }
}
