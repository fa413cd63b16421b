//! IDs and links to download, files to share, words to search for.

use sprat_protocol::{FileName, Link, LinkError};

use super::effect::Effect;
use crate::actions::Action;
use crate::model::engine::Command;
use crate::model::messages::Request;
use crate::model::screen::Screen;
use crate::model::typed;
use crate::state::ViewState;
use crate::state::toasts::Mood;
use crate::words;

/// Longer texts than this are no link; it bounds what a paste can bring.
const MAX_PASTE: usize = 8 * 1024;
/// The most links that are pasted at once, one a line.
const MAX_LINKS: usize = 1000;

pub(super) fn update(view: &mut ViewState, action: Action, now: f64) -> Vec<Effect> {
    match action {
        Action::SubmitId => submit_id(view, now),
        Action::PasteId(pasted) => paste_id(view, &pasted, now),
        Action::AcceptOffer => view.offers.pop_front().map(|link| get(view, link, now)).unwrap_or_default(),
        Action::DeclineOffer => {
            view.offers.pop_front();
            Vec::new()
        }
        Action::Get(link) => get(view, link, now),
        Action::PickShareFile => vec![Effect::Ask(Request::PickFile)],
        Action::PickShareFolder => vec![Effect::Ask(Request::PickShareFolder)],
        Action::Share(path) => vec![Effect::share(path)],
        Action::ShareTyped => share_typed(view),
        Action::CancelShare(path) => vec![Effect::Engine(Command::CancelShare(path))],
        Action::Search => search(view),
        Action::SearchMore => {
            let asked = view.browse.next_page();
            asked.map(|(words, page)| ask(view, words, page)).into_iter().collect()
        }
        Action::FocusSearch => {
            (view.screen, view.focus_words) = (Screen::Browse, true);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn submit_id(view: &mut ViewState, now: f64) -> Vec<Effect> {
    match view.fields.id.parse::<Link>() {
        Ok(link) => {
            view.fields.id.clear();
            view.fields.id_error = None;
            get(view, link, now)
        }
        Err(error) => {
            view.fields.id_error = Some(id_error(&error));
            Vec::new()
        }
    }
}

fn get(view: &mut ViewState, link: Link, now: f64) -> Vec<Effect> {
    let name = link.name.as_deref().map(FileName::clean);
    view.toasts.push(words::download_added(name.as_ref().map(FileName::as_str)), Mood::Good, now);
    view.known_link = Some(link.file_id);
    view.offers.retain(|offer| offer.file_id != link.file_id);
    // A transfer that was just removed was paused by that.
    let resume = view.removals.keep(link.file_id).then_some(Effect::Engine(Command::Resume(link.file_id)));
    std::iter::once(Effect::download(link)).chain(resume).collect()
}

/// The sentence for what is no link. Only an ID is asked for: whatever else is wrong with a link, its ID will do.
fn id_error(error: &LinkError) -> &'static str {
    match error {
        LinkError::FileId | LinkError::TooLong => words::BAD_ID,
        _ => words::DAMAGED_LINK,
    }
}

fn paste_id(view: &mut ViewState, pasted: &str, now: f64) -> Vec<Effect> {
    let pasted = pasted.trim();
    view.screen = Screen::Transfers;
    let links: Result<Vec<Link>, _> = pasted.lines().take(MAX_LINKS + 1).map(str::parse).collect();
    if let Ok(links) = links
        && (2..=MAX_LINKS).contains(&links.len())
    {
        return links.into_iter().flat_map(|link| get(view, link, now)).collect();
    }
    view.fields.id = pasted[..pasted.floor_char_boundary(MAX_PASTE)].to_owned();
    submit_id(view, now)
}

fn share_typed(view: &mut ViewState) -> Vec<Effect> {
    view.fields.share_note = None;
    typed::path(&view.fields.share).map(Effect::share).into_iter().collect()
}

fn search(view: &mut ViewState) -> Vec<Effect> {
    if view.browse.words.trim().is_empty() {
        return Vec::new();
    }
    let words = view.browse.begin();
    vec![ask(view, words, 0)]
}

fn ask(view: &ViewState, words: String, page: u32) -> Effect {
    Effect::Ask(Request::Search { trackers: view.effective_trackers(), words, page })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_link_is_told_from_what_is_no_id() {
        assert_eq!(id_error(&LinkError::FileId), words::BAD_ID);
        assert_eq!(id_error(&LinkError::Size("x".into())), words::DAMAGED_LINK);
    }
}
