//! The page before the engine runs, and if it does not.

use egui::{CentralPanel, Label, RichText, Sense, Ui, vec2};

use crate::actions::{Action, WindowAction};
use crate::state::Phase;
use crate::widgets::theme::screen_frame;
use crate::widgets::tokens::{GAP, GAP_LARGE, TEXT_HEADING, palette};
use crate::widgets::{controls, icons};
use crate::words;

/// Shows that the engine starts, or the reason for which it does not and a remedy.
pub fn show(ui: &mut Ui, phase: &Phase) -> Vec<Action> {
    let p = palette(ui);
    let page = CentralPanel::no_frame().frame(screen_frame(p.background)).show(ui, |ui| {
        ui.add_space((ui.available_height() / 2.0 - 110.0).max(GAP_LARGE));
        ui.vertical_centered(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(84.0, 56.0), Sense::hover());
            icons::fish(ui.painter(), rect, p.accent, p.background);
            ui.add_space(GAP);
            match phase {
                Phase::Failed(reason) => failed(ui, reason),
                Phase::Starting | Phase::Running(_) => {
                    ui.label(words::STARTING);
                    Vec::new()
                }
            }
        })
        .inner
    });
    page.inner
}

fn failed(ui: &mut Ui, reason: &str) -> Vec<Action> {
    ui.label(RichText::new(words::START_FAILED).size(TEXT_HEADING));
    ui.scope(|ui| {
        ui.set_max_width(520.0);
        ui.add(Label::new(reason).wrap().selectable(true));
    });
    ui.add_space(GAP);
    let quit = controls::primary(ui, words::QUIT);
    if quit.clicked() { vec![Action::Window(WindowAction::Quit)] } else { Vec::new() }
}
