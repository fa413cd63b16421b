//! A plot of a transfer's speed in the last two minutes. It is painted here and not by a plotting library: two lines
//! and three labels need no zooming, no dragging and no stop of the Tab key.

use egui::{Align2, FontId, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::tokens::{TEXT_SMALL, palette};
use crate::model::speed::{SPAN, Sample};
use crate::words::{self, format};

/// Room for the labels at the left and below, in points.
const LEFT: f32 = 78.0;
const BELOW: f32 = 18.0;

/// Paints the samples, oldest first, up to `now`, and asks to be painted again while there is something to see move.
pub fn show(ui: &mut Ui, samples: &[Sample], now: f64, height: f32) {
    let p = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let last = samples.last().map_or((0, 0), |sample| (sample.down, sample.up));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, words::speeds(last.0, last.1)));
    let plot = Rect::from_min_max(pos2(rect.left() + LEFT, rect.top() + 8.0), rect.max - vec2(4.0, BELOW));
    let recent = || samples.iter().filter(|sample| sample.at >= now - SPAN);
    let most = recent().map(|sample| sample.down.max(sample.up)).max().unwrap_or(0);
    let top = round_up(most);
    let painter = ui.painter();
    let font = FontId::proportional(TEXT_SMALL);
    for (part, label) in [(0.0, 0), (0.5, top / 2), (1.0, top)] {
        let y = plot.bottom() - part * plot.height();
        painter.hline(plot.x_range(), y, Stroke::new(1.0, p.border));
        painter.text(pos2(plot.left() - 8.0, y), Align2::RIGHT_CENTER, format::speed(label), font.clone(), p.weak);
    }
    painter.text(plot.left_bottom() + vec2(0.0, 4.0), Align2::LEFT_TOP, words::TWO_MINUTES_AGO, font.clone(), p.weak);
    painter.text(plot.right_bottom() + vec2(0.0, 4.0), Align2::RIGHT_TOP, words::NOW, font, p.weak);
    let at = |when: f64, rate: u64| {
        let x = plot.right() - ((now - when) / SPAN) as f32 * plot.width();
        pos2(x, plot.bottom() - (rate as f64 / top as f64) as f32 * plot.height())
    };
    let line = |rate: fn(&Sample) -> u64| -> Vec<Pos2> {
        let mut points: Vec<Pos2> = recent().map(|sample| at(sample.at, rate(sample))).collect();
        points.extend(recent().next_back().map(|sample| at(now, rate(sample))));
        points
    };
    let down = Shape::line(line(|sample| sample.down), Stroke::new(2.0, p.accent));
    let up = Shape::dashed_line(&line(|sample| sample.up), Stroke::new(2.0, p.good), 5.0, 3.0);
    painter.add(down);
    painter.extend(up);
    if most == 0 {
        let font = FontId::proportional(TEXT_SMALL);
        let between_the_lines = plot.center() - vec2(0.0, plot.height() / 4.0);
        painter.text(between_the_lines, Align2::CENTER_CENTER, words::NOTHING_MOVED, font, p.weak);
    } else {
        ui.ctx().request_repaint_after_secs(1.0);
    }
}

/// Finds the next round number of KiB, MiB or more, so that the scale rests while the rate moves a little.
fn round_up(rate: u64) -> u64 {
    let units = (1..=6).map(|power| 1_u64 << (10 * power));
    let mut tops = units.flat_map(|unit| [1, 2, 5, 10, 20, 50, 100, 200, 500].map(|step| unit.saturating_mul(step)));
    tops.find(|top| *top >= rate).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round_and_never_too_small() {
        assert_eq!([0, 1025, 6 << 10, 501 << 10].map(round_up), [1 << 10, 2 << 10, 10 << 10, 1 << 20]);
        assert_eq!(round_up(u64::MAX), u64::MAX);
    }
}
