//! The Browse screen: the search of the trackers.

use egui::{Id, Ui};
use egui_extras::Column as Width;
use sprat_protocol::Link;
use sprat_protocol::tracker::SearchHit;

use crate::actions::{Action, BrowseAction};
use crate::model::engine::Snapshot;
use crate::model::tone::Tone;
use crate::state::{ViewState, rows};
use crate::widgets::tokens::{CONTROL, GAP, HEADER, ROW};
use crate::widgets::{badge, controls, empty_state, once, table};
use crate::words::{self, format};

/// Width below which columns that matter less are left out.
const NARROW: f32 = 640.0;

/// Shows the Browse screen.
pub fn show(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState) -> Vec<Action> {
    let mut actions = Vec::new();
    controls::heading(ui, words::BROWSE);
    controls::from_right(ui, CONTROL, |ui| {
        let clicked = controls::primary(ui, words::SEARCH).clicked();
        let width = ui.available_width();
        let field = controls::field(ui, &view.browse.words, words::SEARCH_FIELD, width);
        if once::take(ui, Id::unique("focus-words"), view.browse.focus.newest()) {
            field.response.request_focus();
        }
        actions.extend(field.edited().map(|words| Action::Browse(BrowseAction::Type(words))));
        if clicked || field.submitted(ui) {
            actions.push(Action::Browse(BrowseAction::Search));
        }
    });
    for trouble in &view.browse.troubles {
        controls::problem(ui, trouble);
    }
    match &view.browse.asked {
        None if snapshot.trackers.is_empty() => {
            empty_state::show(ui, words::TRACKER_NONE, words::SEARCH_NEEDS_TRACKER);
        }
        None => empty_state::show(ui, words::BROWSE_EMPTY, words::BROWSE_HINT),
        Some(asked) if view.browse.hits.is_empty() && asked.waiting => {
            empty_state::show(ui, words::BROWSE_SEARCHING, &words::quoted(&asked.words));
        }
        Some(asked) if view.browse.hits.is_empty() => {
            empty_state::show(ui, &words::nothing_called(&asked.words), words::BROWSE_OTHER_WORDS);
        }
        Some(asked) => actions.extend(found(ui, snapshot, view, asked.waiting)),
    }
    actions
}

fn found(ui: &mut Ui, snapshot: &Snapshot, view: &ViewState, waiting: bool) -> Vec<Action> {
    let mut actions = Vec::new();
    let hits = &view.browse.hits;
    let headings = headings(ui.available_width() >= NARROW);
    let more = if view.browse.more { CONTROL + GAP } else { 0.0 };
    let height = (ui.available_height() - HEADER - more).max(2.0 * ROW);
    let mut builder =
        table::builder(ui, ("found", headings.len())).auto_shrink([false, true]).max_scroll_height(height);
    for (_, width) in headings {
        builder = builder.column(match width {
            None => Width::remainder().at_least(120.0).clip(true),
            Some(width) => Width::exact(*width).clip(true),
        });
    }
    let table = builder.header(HEADER, |mut header| {
        for (heading, _) in headings {
            header.col(|ui| table::heading(ui, heading));
        }
    });
    table.body(|body| {
        body.rows(ROW, hits.len(), |mut row| {
            let hit = &hits[row.index()];
            for (heading, _) in headings {
                row.col(|ui| actions.extend(cell(ui, snapshot, hit, heading)));
            }
        });
    });
    if view.browse.more {
        let more = ui.add_enabled_ui(!waiting, |ui| controls::button(ui, words::SHOW_MORE)).inner;
        if more.clicked() {
            actions.push(Action::Browse(BrowseAction::More));
        }
    }
    actions
}

/// Columns and their widths; the one without takes what is left.
fn headings(wide: bool) -> &'static [(&'static str, Option<f32>)] {
    const ALL: [(&str, Option<f32>); 5] = [
        (words::NAME, None),
        (words::STATUS, Some(132.0)),
        (words::SIZE, Some(88.0)),
        (words::SEEDERS, Some(72.0)),
        (words::ADDED, Some(130.0)),
    ];
    if wide { &ALL } else { &ALL[..3] }
}

fn cell(ui: &mut Ui, snapshot: &Snapshot, hit: &SearchHit, heading: &str) -> Option<Action> {
    match heading {
        words::NAME => drop(table::name(ui, &hit.name)),
        words::SIZE => drop(ui.label(format::size(hit.size))),
        words::SEEDERS => drop(ui.label(hit.seeders.to_string())),
        words::ADDED => drop(ui.label(format::date_time(hit.first_seen))),
        _ => match rows::transfer(snapshot, hit.file_id) {
            Some(transfer) => {
                let (tone, word) = match rows::is_complete(transfer) {
                    true => (Tone::Good, words::HAVE_IT),
                    false => (rows::tone(&transfer.state), rows::status(&transfer.state)),
                };
                badge::show(ui, tone, word);
            }
            None => {
                let get = controls::small(ui, words::GET, &words::get(&hit.name)).clicked();
                return get.then(|| Action::Browse(BrowseAction::Get(link(hit, snapshot))));
            }
        },
    }
    None
}

/// Link to a file of the result: the trackers in use know who has it.
fn link(hit: &SearchHit, snapshot: &Snapshot) -> Link {
    let mut link = Link::new(hit.file_id);
    (link.name, link.size) = (Some(hit.name.clone()), Some(hit.size));
    link.trackers = snapshot.trackers.iter().map(|tracker| tracker.url.clone()).collect();
    link
}
