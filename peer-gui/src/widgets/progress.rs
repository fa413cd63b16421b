//! A bar for the part of a whole that is done.

use egui::{Align2, Color32, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::tokens::{TEXT_SMALL, palette};
use crate::words::format;

const THICK: f32 = 6.0;
const NUMBER: f32 = 40.0;

/// Shows a bar with its percentage, over the whole available width.
pub fn show(ui: &mut Ui, fraction: f32, color: Color32) {
    let p = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
    let bar = Rect::from_min_max(
        pos2(rect.left(), rect.center().y - THICK / 2.0),
        pos2((rect.right() - NUMBER).max(rect.left()), rect.center().y + THICK / 2.0),
    );
    ui.painter().rect_filled(bar, THICK / 2.0, p.track);
    let done = bar.width() * fraction;
    if done > 0.0 {
        let done = Rect::from_min_size(bar.min, vec2(done.max(THICK), THICK));
        ui.painter().rect_filled(done, THICK / 2.0, color);
    }
    let text = format::percent(fraction);
    ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, &text, FontId::proportional(TEXT_SMALL), p.weak);
    response.widget_info(|| WidgetInfo {
        value: Some(f64::from(fraction)),
        ..WidgetInfo::labeled(Role::ProgressIndicator, true, &text)
    });
}
