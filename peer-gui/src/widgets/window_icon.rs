//! The window's icon: the logo in pixels.

use egui::{Color32, IconData};

use super::logo;

/// Number of points, squared, of which a pixel is the mean.
const SAMPLES: u8 = 4;

/// Draws the icon, with sides of this many pixels.
pub fn icon(side: u32) -> IconData {
    let pixels = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
    let rgba = pixels.flat_map(|(x, y)| pixel(x as f32, y as f32, side as f32)).collect();
    IconData { rgba, width: side, height: side }
}

/// Red, green and blue of a pixel, and the part of it that is covered.
fn pixel(x: f32, y: f32, side: f32) -> [u8; 4] {
    let within = (0..SAMPLES).map(|sample| (f32::from(sample) + 0.5) / f32::from(SAMPLES));
    let points = within.clone().flat_map(|dy| within.clone().map(move |dx| (x + dx, y + dy)));
    let covered: Vec<Color32> = points.filter_map(|(x, y)| logo::color_at(x / side, y / side)).collect();
    let count = covered.len().max(1) as u32;
    let mean = |channel: fn(&Color32) -> u8| {
        let sum: u32 = covered.iter().map(|color| u32::from(channel(color))).sum();
        (sum / count) as u8
    };
    let alpha = covered.len() * usize::from(u8::MAX) / usize::from(SAMPLES * SAMPLES);
    [mean(Color32::r), mean(Color32::g), mean(Color32::b), alpha as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fish_is_where_it_belongs() {
        let icon = icon(64);
        assert_eq!((icon.width, icon.height, icon.rgba.len()), (64, 64, 64 * 64 * 4));
        let at = |x: f32, y: f32| {
            let pixel = ((y * 64.0) as usize * 64 + (x * 64.0) as usize) * 4;
            let [r, g, b, a] = icon.rgba[pixel..pixel + 4].try_into().unwrap();
            (Color32::from_rgb(r, g, b), a)
        };
        assert_eq!(at(0.0, 0.0).1, 0, "the corners are round");
        assert_eq!(at(0.5, 0.02), (logo::GROUND, 255));
        assert_eq!(at(0.4, 0.5), (logo::FISH, 255), "body");
        assert_eq!(at(0.82, 0.36), (logo::FISH, 255), "tail");
        assert_eq!(at(0.82, 0.64), (logo::FISH, 255), "tail");
        assert_eq!(at(0.85, 0.5), (logo::GROUND, 255), "between the halves of the tail");
        assert_eq!(at(0.278, 0.4556), (logo::GROUND, 255), "eye");
        assert_eq!(at(0.15, 0.3), (logo::GROUND, 255));
        let edge = icon.rgba.chunks(4).filter(|pixel| !matches!(pixel[3], 0 | 255)).count();
        assert!(edge > 0, "edges are smooth");
    }
}
