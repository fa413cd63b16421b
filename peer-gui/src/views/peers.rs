//! The Peers screen: the peers of all transfers.

use egui::{Label, RichText, Ui};
use egui_extras::Column as Width;

use crate::actions::{Action, WindowAction};
use crate::model::tone::Tone;
use crate::state::ViewState;
use crate::state::people::Person;
use crate::widgets::tokens::{GAP, HEADER, ROW};
use crate::widgets::{badge, controls, empty_state, table};
use crate::words::{self, format};

/// Width below which columns that matter less are left out.
const NARROW: f32 = 760.0;

/// Columns with their widths; the third value is true for those that stay in a narrow window.
const COLUMNS: [(&str, f32, bool); 8] = [
    (words::NAME, 150.0, true),
    (words::PEER_ID, 130.0, true),
    (words::STATUS, 104.0, true),
    (words::ADDRESS, 160.0, true),
    (words::PROGRAM, 100.0, false),
    (words::RECEIVED, 144.0, true),
    (words::SENT, 144.0, false),
    (words::LAST_SEEN, 130.0, false),
];

/// Shows the Peers screen.
pub fn show(ui: &mut Ui, view: &ViewState) -> Vec<Action> {
    controls::heading(ui, words::PEERS);
    let people = view.people.all();
    if people.is_empty() {
        empty_state::show(ui, words::NO_PEERS_YET, words::NO_PEERS_HINT);
        return Vec::new();
    }
    controls::weak(ui, words::people(people.iter().filter(|person| person.connected).count(), people.len()));
    ui.add_space(GAP);
    let wide = ui.available_width() >= NARROW;
    let columns: Vec<usize> = (0..COLUMNS.len()).filter(|at| wide || COLUMNS[*at].2).collect();
    let mut builder = table::builder(ui, ("people", wide));
    for at in &columns {
        builder = builder.column(match at {
            0 => Width::remainder().at_least(90.0).clip(true),
            at => Width::exact(COLUMNS[*at].1).clip(true),
        });
    }
    let table = builder.header(HEADER, |mut header| {
        for at in &columns {
            header.col(|ui| table::heading(ui, COLUMNS[*at].0));
        }
    });
    let mut actions = Vec::new();
    table.body(|body| {
        body.rows(ROW, people.len(), |mut row| {
            let person = &people[row.index()];
            for at in &columns {
                row.col(|ui| actions.extend(ui.push_id(person.peer_id, |ui| cell(ui, person, *at)).inner));
            }
        });
    });
    actions
}

fn cell(ui: &mut Ui, person: &Person, column: usize) -> Option<Action> {
    match column {
        0 if person.name.is_empty() => drop(controls::weak(ui, words::NO_NAME)),
        0 => drop(table::name(ui, &person.name)),
        1 => {
            let id = RichText::new(person.peer_id.short()).monospace();
            ui.add(Label::new(id)).on_hover_text(person.peer_id.to_string());
            let copy = controls::small(ui, words::COPY, &words::copy_peer_id(&person.peer_id.short())).clicked();
            return copy.then(|| Action::Window(WindowAction::Copy(person.peer_id.to_string(), words::PEER_ID_COPIED)));
        }
        2 if person.connected => drop(badge::show(ui, Tone::Good, words::CONNECTED)),
        2 => drop(badge::show(ui, Tone::Absent, words::LEFT)),
        3 => plain(ui, person.addr.to_string()),
        4 => plain(ui, person.agent.clone()),
        5 => plain(ui, moved(person.bytes_down, person.down_rate)),
        6 => plain(ui, moved(person.bytes_up, person.up_rate)),
        _ if person.connected => plain(ui, words::NOW.to_owned()),
        _ => plain(ui, format::date_time(person.last_seen)),
    }
    None
}

fn plain(ui: &mut Ui, text: String) {
    ui.add(Label::new(text).truncate());
}

/// Bytes in all, and the rate now.
fn moved(bytes: u64, rate: u64) -> String {
    match (bytes, rate) {
        (0, 0) => format::NOTHING.to_owned(),
        (bytes, 0) => format::size(bytes),
        (bytes, rate) => format!("{} ({})", format::size(bytes), format::rate(rate)),
    }
}
