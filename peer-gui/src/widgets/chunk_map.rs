//! The map of a file's chunks: one small square for each, or for each few, painted as one mesh.

use egui::{Color32, Mesh, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::tokens::{Palette, palette};
use crate::model::engine::{Cell, ChunkMap};

/// Sides of a square, its gap included, from the largest that is used to the smallest.
const SIDES: [f32; 7] = [12.0, 10.0, 8.0, 6.0, 5.0, 4.0, 3.0];

/// Paints the map into the width that is left and at most this height. `spoken` says the same in words.
pub fn show(ui: &mut Ui, map: &ChunkMap, height: f32, spoken: &str) {
    let width = ui.available_width();
    let (side, per_square) = fit(map.cells.len(), width, height);
    let columns = columns(width, side);
    let squares = map.cells.len().div_ceil(per_square);
    let rows = squares.div_ceil(columns).max(1);
    let (rect, response) = ui.allocate_exact_size(vec2(width, rows as f32 * side), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, spoken));
    let p = palette(ui);
    let mut mesh = Mesh::default();
    mesh.reserve_vertices(squares * 4);
    mesh.reserve_triangles(squares * 2);
    for (at, cells) in map.cells.chunks(per_square).enumerate() {
        let corner = pos2(rect.left() + (at % columns) as f32 * side, rect.top() + (at / columns) as f32 * side);
        let gap = if side > 4.0 { 1.5 } else { 0.5 };
        mesh.add_colored_rect(Rect::from_min_size(corner, vec2(side - gap, side - gap)), color(p, merged(cells)));
    }
    ui.painter().add(mesh);
}

fn columns(width: f32, side: f32) -> usize {
    ((width / side) as usize).max(1)
}

/// Finds the largest side at which all cells have room, and the number of cells that share a square.
fn fit(cells: usize, width: f32, height: f32) -> (f32, usize) {
    let room = |side: f32| columns(width, side) * ((height / side) as usize).max(1);
    match SIDES.into_iter().find(|side| room(*side) >= cells) {
        Some(side) => (side, 1),
        None => {
            let least = SIDES[SIDES.len() - 1];
            (least, cells.div_ceil(room(least)).max(1))
        }
    }
}

/// State of a square that stands for several cells.
fn merged(cells: &[Cell]) -> Cell {
    let all = |wanted: Cell| cells.iter().all(|cell| *cell == wanted);
    match cells {
        _ if all(Cell::Here) => Cell::Here,
        _ if all(Cell::Missing) => Cell::Missing,
        _ if cells.contains(&Cell::Requested) => Cell::Requested,
        _ => Cell::Partly,
    }
}

fn color(p: &Palette, cell: Cell) -> Color32 {
    match cell {
        Cell::Missing => p.track,
        Cell::Partly => p.accent.lerp_to_gamma(p.track, 0.5),
        Cell::Requested => p.waiting,
        Cell::Here => p.accent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_shrink_and_then_stand_for_several_cells() {
        assert_eq!(fit(10, 400.0, 100.0), (12.0, 1));
        assert_eq!(fit(4096, 400.0, 100.0), (3.0, 1));
        let (side, per_square) = fit(4096, 100.0, 30.0);
        assert_eq!((side, per_square), (3.0, 13));
        assert_eq!(fit(0, 0.0, 0.0), (12.0, 1));
    }

    #[test]
    fn a_square_says_what_its_cells_have_in_common() {
        assert_eq!(merged(&[Cell::Here, Cell::Here]), Cell::Here);
        assert_eq!(merged(&[Cell::Here, Cell::Missing]), Cell::Partly);
        assert_eq!(merged(&[Cell::Here, Cell::Requested]), Cell::Requested);
    }
}
