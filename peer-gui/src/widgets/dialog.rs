//! A question that waits for its answer.

use egui::{Context, Frame, Id, Margin, Modal, Ui};

use super::controls;
use super::tokens::{CONTROL, GAP};
use crate::text;

/// How it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Not yet.
    Open,
    /// Do nothing: also Escape, and a click beside the question.
    Cancel,
    /// Do it.
    Confirm,
}

/// Asks whether to do what cannot be undone. Cancel is the default: it has the focus when the question is `fresh`.
pub fn confirm(ctx: &Context, title: &str, question: &str, do_it: &str, fresh: bool) -> Answer {
    let frame = Frame::popup(&ctx.global_style()).inner_margin(Margin::same(20));
    let modal = Modal::new(Id::unique("confirm")).frame(frame).show(ctx, |ui| {
        ui.set_width(420.0_f32.min(ctx.content_rect().width() - 64.0));
        ui.spacing_mut().item_spacing.y = GAP * 1.5;
        controls::title(ui, title);
        ui.label(question);
        answers(ui, do_it, fresh)
    });
    match modal.inner {
        Answer::Open if modal.should_close() => Answer::Cancel,
        answer => answer,
    }
}

fn answers(ui: &mut Ui, do_it: &str, fresh: bool) -> Answer {
    controls::from_right(ui, CONTROL, |ui| {
        let cancel = controls::button(ui, text::CANCEL);
        if fresh {
            cancel.request_focus();
        }
        let confirm = controls::danger(ui, do_it);
        match (cancel.clicked(), confirm.clicked()) {
            (true, _) => Answer::Cancel,
            (false, true) => Answer::Confirm,
            (false, false) => Answer::Open,
        }
    })
}
