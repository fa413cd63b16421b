//! Actions on the Browse screen.

use super::effect::Effect;
use super::steps::get;
use crate::actions::BrowseAction;
use crate::model::messages::Request;
use crate::model::screen::Screen;
use crate::state::ViewState;

pub(super) fn update(view: &mut ViewState, action: BrowseAction, now: f64) -> Vec<Effect> {
    match action {
        BrowseAction::Type(words) => {
            view.browse.words = words;
            Vec::new()
        }
        BrowseAction::Search => search(view),
        BrowseAction::More => {
            let asked = view.browse.next_page();
            asked.map(|(words, page)| ask(view, words, page)).into_iter().collect()
        }
        BrowseAction::Focus => {
            view.screen = Screen::Browse;
            view.browse.focus.ask();
            Vec::new()
        }
        BrowseAction::Get(link) => get(view, link, now),
    }
}

fn search(view: &mut ViewState) -> Vec<Effect> {
    if view.browse.words.trim().is_empty() {
        return Vec::new();
    }
    let words = view.browse.begin();
    vec![ask(view, words, 0)]
}

fn ask(view: &ViewState, words: String, page: u32) -> Effect {
    Effect::Ask(Request::Search { trackers: view.trackers.all(), words, page })
}
