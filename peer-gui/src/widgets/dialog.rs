//! A question that waits for its answer.

use egui::{Context, Frame, Id, Margin, Modal, Ui};

use super::controls;
use super::tokens::{CONTROL, GAP};
use crate::words;

/// Answer to a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// No answer yet.
    Open,
    /// Refusal: also Escape, and a click beside the dialog.
    Cancel,
    /// Consent.
    Confirm,
}

/// Asks a question about something that cannot be undone. Cancel is the default: it has the focus when the question is
/// `fresh`.
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

/// Asks for something that is typed. The contents return true if Enter was pressed in their last field.
pub fn form(ctx: &Context, title: &str, do_it: &str, contents: impl FnOnce(&mut Ui) -> bool) -> Answer {
    let mut answer = Answer::Open;
    let closed = page(ctx, title, 460.0, |ui| {
        let submitted = contents(ui);
        controls::from_right(ui, CONTROL, |ui| {
            let confirm = controls::primary(ui, do_it).clicked();
            let cancel = controls::button(ui, words::CANCEL).clicked();
            answer = match (confirm || submitted, cancel) {
                (true, _) => Answer::Confirm,
                (false, true) => Answer::Cancel,
                (false, false) => Answer::Open,
            };
        });
    });
    if closed && answer == Answer::Open { Answer::Cancel } else { answer }
}

/// Shows a page on top of everything else, at most this wide. Returns true if Escape or a click beside it closes it.
pub fn page(ctx: &Context, title: &str, width: f32, contents: impl FnOnce(&mut Ui)) -> bool {
    let frame = Frame::popup(&ctx.global_style()).inner_margin(Margin::same(20));
    let modal = Modal::new(Id::unique(("page", title))).frame(frame).show(ctx, |ui| {
        ui.set_width(width.min(ctx.content_rect().width() - 64.0));
        ui.spacing_mut().item_spacing.y = GAP;
        controls::title(ui, title);
        contents(ui);
    });
    modal.should_close()
}

fn answers(ui: &mut Ui, do_it: &str, fresh: bool) -> Answer {
    controls::from_right(ui, CONTROL, |ui| {
        let cancel = controls::button(ui, words::CANCEL);
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
