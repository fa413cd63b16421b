//! The tokens as egui's style.

use egui::style::{Selection, WidgetVisuals};
use egui::{
    Color32, Context, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Theme, Visuals,
};

use super::tokens::{self, CONTROL, DARK, GAP, LIGHT, Palette, RADIUS};
use crate::model::preferences::ThemeChoice;

/// Sets the styles of both themes. Once at the start is enough.
pub fn install(ctx: &Context) {
    // Zooming is an action like others, and kept with the preferences.
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
    for (theme, palette) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        ctx.style_mut_of(theme, |style| {
            spacing(style);
            style.visuals = visuals(theme, palette);
        });
    }
}

/// Sets the theme and the zoom, which is in percent.
pub fn choose(ctx: &Context, choice: ThemeChoice, zoom: u16) {
    ctx.set_zoom_factor(f32::from(zoom) / 100.0);
    ctx.set_theme(match choice {
        ThemeChoice::System => egui::ThemePreference::System,
        ThemeChoice::Light => egui::ThemePreference::Light,
        ThemeChoice::Dark => egui::ThemePreference::Dark,
    });
}

fn spacing(style: &mut Style) {
    let font = |size, family| FontId::new(size, family);
    style.text_styles = [
        (TextStyle::Small, font(tokens::TEXT_SMALL, FontFamily::Proportional)),
        (TextStyle::Body, font(tokens::TEXT, FontFamily::Proportional)),
        (TextStyle::Button, font(tokens::TEXT, FontFamily::Proportional)),
        (TextStyle::Heading, font(tokens::TEXT_HEADING, FontFamily::Proportional)),
        (TextStyle::Monospace, font(tokens::TEXT_SMALL, FontFamily::Monospace)),
    ]
    .into();
    style.spacing.item_spacing = egui::vec2(GAP, GAP);
    style.spacing.button_padding = egui::vec2(12.0, 6.0);
    style.spacing.interact_size = egui::vec2(CONTROL, CONTROL);
    style.spacing.icon_width = 18.0;
    style.spacing.icon_width_inner = 10.0;
    style.spacing.icon_spacing = GAP;
    style.spacing.scroll = egui::style::ScrollStyle::thin();
    style.interaction.selectable_labels = false;
    // Nothing moves by itself, so nothing needs to be drawn while nothing happens.
    style.animation_time = 0.0;
    style.scroll_animation = egui::style::ScrollAnimation::none();
}

fn visuals(theme: Theme, p: &Palette) -> Visuals {
    let mut visuals = theme.default_visuals();
    visuals.panel_fill = p.background;
    visuals.window_fill = p.surface;
    visuals.window_stroke = Stroke::new(1.0, p.border);
    visuals.window_corner_radius = CornerRadius::same(RADIUS + 2);
    visuals.menu_corner_radius = CornerRadius::same(RADIUS);
    visuals.faint_bg_color = p.hover;
    visuals.extreme_bg_color = p.field;
    visuals.text_edit_bg_color = Some(p.field);
    visuals.code_bg_color = p.field;
    visuals.weak_text_color = Some(p.weak);
    visuals.hyperlink_color = p.accent;
    visuals.warn_fg_color = p.waiting;
    visuals.error_fg_color = p.trouble;
    visuals.selection = Selection { bg_fill: p.selection, stroke: Stroke::new(1.0, p.text) };
    visuals.text_cursor.blink = false;
    visuals.text_cursor.stroke = Stroke::new(2.0, p.accent);
    visuals.popup_shadow = Shadow { offset: [0, 4], blur: 16, spread: 0, color: Color32::from_black_alpha(70) };
    visuals.window_shadow = visuals.popup_shadow;
    widgets(&mut visuals, p);
    visuals
}

fn widgets(visuals: &mut Visuals, p: &Palette) {
    let looks = |fill: Color32, line: Stroke, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: line,
        corner_radius: CornerRadius::same(RADIUS),
        fg_stroke: Stroke::new(1.5, text),
        expansion: 0.0,
    };
    visuals.widgets.noninteractive = looks(p.surface, Stroke::new(1.0, p.border), p.text);
    visuals.widgets.inactive = looks(p.raised, Stroke::new(1.0, p.outline), p.text);
    visuals.widgets.hovered = looks(p.raised_hover, Stroke::new(1.0, p.weak), p.text);
    // Also what has the keyboard's focus.
    visuals.widgets.active = looks(p.raised_hover, Stroke::new(2.0, p.accent), p.text);
    visuals.widgets.open = looks(p.raised_hover, Stroke::new(1.0, p.weak), p.text);
}

/// Frame with the margins of a screen.
pub fn screen_frame(fill: Color32) -> egui::Frame {
    egui::Frame::new().fill(fill).inner_margin(Margin::same(tokens::MARGIN))
}
