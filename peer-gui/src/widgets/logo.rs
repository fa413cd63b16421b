//! The logo: a sprat on a dark square. Its shapes, and the drawing of them that is among the assets.
//!
//! All lengths are parts of the square's side, with y downwards, and the fish's are parts of its own box.

use std::fmt::Write as _;

use egui::Color32;

use super::tokens::DARK;

/// Colour of the square, and of the eye.
pub(super) const GROUND: Color32 = DARK.background;
/// Colour of the fish.
pub(super) const FISH: Color32 = DARK.accent;
/// Radius of the square's corners.
pub(super) const CORNER: f32 = 0.22;
/// Distance from the square's edge to the fish's box.
const MARGIN: f32 = 0.13;
/// Length of the body, which begins at the left edge of the box.
const BODY: f32 = 0.8;
/// Distance from the body's middle line to its back, where it is highest.
const BACK: f32 = 0.3;
/// Corners of the tail: where it leaves the body, its upper end, its notch, its lower end.
pub(super) const TAIL: [[f32; 2]; 4] = [[0.7, 0.5], [1.0, 0.2], [0.92, 0.5], [1.0, 0.8]];
/// Middle of the eye, and its radius.
pub(super) const EYE: ([f32; 2], f32) = ([0.2, 0.44], 0.045);
/// Number of straight lines that are drawn for the back.
const STEPS: u8 = 16;

/// Colour at a point of the square; `None` outside its corners.
pub(super) fn color_at(x: f32, y: f32) -> Option<Color32> {
    let beyond = |at: f32| (CORNER - at).max(at - (1.0 - CORNER)).max(0.0);
    if beyond(x).hypot(beyond(y)) > CORNER {
        return None;
    }
    let in_box = |at: f32| (at - MARGIN) / (1.0 - 2.0 * MARGIN);
    let (x, y) = (in_box(x), in_box(y));
    let ([eye_x, eye_y], radius) = EYE;
    let is_eye = (x - eye_x).hypot(y - eye_y) <= radius;
    let is_body = (0.0..=BODY).contains(&x) && (y - 0.5).abs() <= back(x);
    let [root, upper, notch, lower] = TAIL;
    let is_fish = is_body || is_within([root, upper, notch], x, y) || is_within([root, notch, lower], x, y);
    Some(if is_fish && !is_eye { FISH } else { GROUND })
}

/// Distance that the body reaches from its middle line.
fn back(x: f32) -> f32 {
    BACK * (x / BODY * std::f32::consts::PI).sin()
}

/// Corners of the body.
pub(super) fn body() -> Vec<[f32; 2]> {
    let along = |step: u8| BODY * f32::from(step) / f32::from(STEPS);
    let upper = (0..=STEPS).map(|step| [along(step), 0.5 - back(along(step))]);
    let lower = (1..STEPS).rev().map(|step| [along(step), 0.5 + back(along(step))]);
    upper.chain(lower).collect()
}

/// Tells whether a point is on the same side of all three edges.
fn is_within(triangle: [[f32; 2]; 3], x: f32, y: f32) -> bool {
    let side = |from: [f32; 2], to: [f32; 2]| (to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0]);
    let [a, b, c] = triangle;
    let sides = [side(a, b), side(b, c), side(c, a)];
    sides.iter().all(|side| *side >= 0.0) || sides.iter().all(|side| *side <= 0.0)
}

/// Draws the logo, as it is in `assets/sprat.svg`.
pub fn svg() -> String {
    const SIDE: f32 = 256.0;
    let place = |at: f32| (MARGIN + at * (1.0 - 2.0 * MARGIN)) * SIDE;
    let point = |[x, y]: [f32; 2]| format!("{:.1},{:.1}", place(x), place(y));
    let points = |points: &[[f32; 2]]| points.iter().map(|at| point(*at)).collect::<Vec<_>>().join(" ");
    let body = body();
    let ([eye_x, eye_y], radius) = EYE;
    let mut svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {SIDE} {SIDE}\">\n");
    // Writing to a string does not fail.
    let _ = writeln!(
        svg,
        "  <rect width=\"{SIDE}\" height=\"{SIDE}\" rx=\"{:.1}\" fill=\"{}\"/>",
        CORNER * SIDE,
        hex(GROUND)
    );
    for shape in [&body[..], &TAIL] {
        let _ = writeln!(svg, "  <polygon points=\"{}\" fill=\"{}\"/>", points(shape), hex(FISH));
    }
    let _ = writeln!(
        svg,
        "  <circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\" fill=\"{}\"/>",
        place(eye_x),
        place(eye_y),
        radius * (1.0 - 2.0 * MARGIN) * SIDE,
        hex(GROUND)
    );
    svg + "</svg>\n"
}

fn hex(color: Color32) -> String {
    format!("#{:02x}{:02x}{:02x}", color.r(), color.g(), color.b())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_asset_is_this_drawing() {
        assert_eq!(include_str!("../../assets/sprat.svg"), svg(), "write this into assets/sprat.svg");
    }
}
