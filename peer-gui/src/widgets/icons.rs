//! Signs, painted: they need no font, and take the theme's colours.

use egui::{Color32, Painter, Pos2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::logo;
use super::tokens::palette;
use crate::model::screen::Screen;
use crate::model::tone::Tone;

/// Side of a small sign, in points.
const SIDE: f32 = 10.0;

/// Shows the sign of a tone, in its colour: each has a shape of its own.
pub fn tone(ui: &mut Ui, tone: Tone) {
    let (rect, _) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::hover());
    paint_tone(ui.painter(), rect, tone, palette(ui).tone(tone));
}

/// Paints the sign of a tone.
pub fn paint_tone(painter: &Painter, rect: Rect, tone: Tone, color: Color32) {
    let at = |x: f32, y: f32| pos2(rect.left() + x * rect.width(), rect.top() + y * rect.height());
    let polygon = |points: Vec<Pos2>| Shape::convex_polygon(points, color, Stroke::NONE);
    match tone {
        Tone::Quiet => {
            painter.rect_filled(Rect::from_min_max(at(0.15, 0.1), at(0.4, 0.9)), 1, color);
            painter.rect_filled(Rect::from_min_max(at(0.6, 0.1), at(0.85, 0.9)), 1, color);
        }
        Tone::Absent => {
            painter.rect_filled(Rect::from_min_max(at(0.05, 0.4), at(0.95, 0.6)), 1, color);
        }
        Tone::Active => {
            painter.add(polygon(vec![at(0.05, 0.2), at(0.95, 0.2), at(0.5, 0.9)]));
        }
        Tone::Good => {
            painter.circle_filled(rect.center(), rect.width() * 0.42, color);
        }
        Tone::Waiting => {
            painter.circle_stroke(rect.center(), rect.width() * 0.38, Stroke::new(1.8, color));
        }
        Tone::Trouble => {
            painter.add(polygon(vec![at(0.5, 0.0), at(1.0, 0.5), at(0.5, 1.0), at(0.0, 0.5)]));
        }
    }
}

/// Paints the sign of a screen.
pub fn screen(painter: &Painter, rect: Rect, screen: Screen, color: Color32) {
    let stroke = Stroke::new(1.6, color);
    let at = |x: f32, y: f32| pos2(rect.left() + x * rect.width(), rect.top() + y * rect.height());
    let arrow = |from: Pos2, to: Pos2| {
        let back = (from.y - to.y).signum() * rect.height() * 0.24;
        painter.line_segment([from, to], stroke);
        painter.add(Shape::line(vec![to + vec2(-back.abs(), back), to, to + vec2(back.abs(), back)], stroke));
    };
    match screen {
        Screen::Transfers => {
            arrow(at(0.27, 0.1), at(0.27, 0.9));
            arrow(at(0.73, 0.9), at(0.73, 0.1));
        }
        Screen::Browse => {
            painter.circle_stroke(at(0.42, 0.42), rect.width() * 0.33, stroke);
            painter.line_segment([at(0.67, 0.67), at(0.95, 0.95)], stroke);
        }
        Screen::Peers => {
            for (x, y, r) in [(0.34, 0.3, 0.19), (0.78, 0.36, 0.14)] {
                painter.circle_stroke(at(x, y), rect.width() * r, stroke);
            }
            let shoulders =
                |left: f32, right: f32, top: f32| vec![at(left, 0.95), at((left + right) / 2.0, top), at(right, 0.95)];
            painter.add(Shape::line(shoulders(0.02, 0.66, 0.6), stroke));
            painter.add(Shape::line(shoulders(0.72, 1.0, 0.64), stroke));
        }
        Screen::Share => {
            arrow(at(0.5, 0.7), at(0.5, 0.05));
            painter.add(Shape::line(vec![at(0.08, 0.6), at(0.08, 0.95), at(0.92, 0.95), at(0.92, 0.6)], stroke));
        }
        Screen::Settings => {
            for (y, knob) in [(0.18, 0.68), (0.5, 0.3), (0.82, 0.6)] {
                painter.line_segment([at(0.02, y), at(0.98, y)], stroke);
                painter.circle_filled(at(knob, y), rect.height() * 0.13, color);
            }
        }
    }
}

/// Paints the sprat of the logo, without its square.
pub fn fish(painter: &Painter, rect: Rect, body: Color32, eye: Color32) {
    let at = |[x, y]: [f32; 2]| pos2(rect.left() + x * rect.width(), rect.top() + y * rect.height());
    let polygon = |points: &[[f32; 2]]| {
        let points = points.iter().map(|point| at(*point)).collect();
        Shape::convex_polygon(points, body, Stroke::NONE)
    };
    // The tail is not convex, but its halves are.
    let [root, upper, notch, lower] = logo::TAIL;
    painter.extend([polygon(&logo::body()), polygon(&[root, upper, notch]), polygon(&[root, notch, lower])]);
    let (middle, radius) = logo::EYE;
    painter.circle_filled(at(middle), rect.width() * radius, eye);
}
