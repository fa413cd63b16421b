//! The toasts, above the status bar.

use egui::accesskit::Live;
use egui::{Align2, Area, Context, Frame, Id, Margin, Order, RichText, Role, Stroke, Ui, vec2};

use crate::actions::{Action, TransferAction, WindowAction};
use crate::model::tone::Tone;
use crate::state::Toasts;
use crate::state::toasts::{About, Mood, Toast};
use crate::widgets::tokens::{GAP, RADIUS, palette};
use crate::widgets::{controls, icons};
use crate::words;

/// Shows the toasts, newest at the bottom.
pub fn show(ctx: &Context, toasts: &Toasts) -> Vec<Action> {
    if toasts.shown().is_empty() {
        return Vec::new();
    }
    let area = Area::new(Id::unique("toasts"))
        .order(Order::Foreground)
        .anchor(Align2::RIGHT_BOTTOM, vec2(-16.0, -44.0))
        .fade_in(false);
    let shown = area.show(ctx, |ui| {
        ui.set_max_width((ctx.content_rect().width() - 32.0).min(480.0));
        toasts.shown().iter().filter_map(|toast| ui.push_id(toast.id, |ui| show_toast(ui, toast)).inner).collect()
    });
    shown.inner
}

fn show_toast(ui: &mut Ui, toast: &Toast) -> Option<Action> {
    let p = palette(ui);
    let is_removal = toast.about == About::Removal;
    let frame = Frame::new()
        .fill(p.raised)
        .stroke(Stroke::new(1.0, p.outline))
        .corner_radius(RADIUS)
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin::symmetric(12, 8));
    let shown = frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            icons::tone(ui, if toast.mood == Mood::Good { Tone::Good } else { Tone::Trouble });
            ui.add_space(GAP / 2.0);
            let width = ui.available_width() - if is_removal { 148.0 } else { 84.0 };
            ui.scope(|ui| {
                ui.set_max_width(width);
                let label = ui.add(egui::Label::new(RichText::new(&toast.text).color(p.text)).wrap());
                ui.ctx().accesskit_node_builder(label.id, |node| {
                    node.set_role(Role::Status);
                    node.set_label(toast.text.clone());
                    node.set_live(Live::Polite);
                });
            });
            let undo = is_removal && controls::small(ui, words::UNDO, words::UNDO).clicked();
            let dismiss = controls::small(ui, words::DISMISS, words::DISMISS).clicked();
            match (undo, dismiss) {
                (true, _) => Some(Action::Transfers(TransferAction::UndoRemove)),
                (_, true) => Some(Action::Window(WindowAction::DismissToast(toast.id))),
                _ => None,
            }
        })
        .inner
    });
    shown.inner
}
