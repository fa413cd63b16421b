//! A link as a QR code, ISO/IEC 18004.

use egui::{Color32, Mesh, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use qrcode::{Color, EcLevel, QrCode};

use crate::words;

/// Number of light modules around the code, as the standard wants.
const QUIET: usize = 4;

/// Paints the code as large as fits into a square of this side. Returns false if the text is too long for a code.
pub fn show(ui: &mut Ui, content: &str, side: f32) -> bool {
    let Ok(code) = QrCode::with_error_correction_level(content, EcLevel::L) else { return false };
    let across = code.width() + 2 * QUIET;
    // Whole pixels: modules of different widths are harder to read.
    let pixel = 1.0 / ui.ctx().pixels_per_point();
    let module = (side / across as f32 / pixel).floor().max(1.0) * pixel;
    let size = module * across as f32;
    let (rect, response) = ui.allocate_exact_size(vec2(size, size), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, words::QR_SPOKEN));
    let mut mesh = Mesh::default();
    mesh.add_colored_rect(rect, Color32::WHITE);
    let modules = code.to_colors();
    for (at, _) in modules.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        let (x, y) = (at % code.width() + QUIET, at / code.width() + QUIET);
        let corner = pos2(rect.left() + x as f32 * module, rect.top() + y as f32 * module);
        mesh.add_colored_rect(Rect::from_min_size(corner, vec2(module, module)), Color32::BLACK);
    }
    ui.painter().add(mesh);
    true
}
