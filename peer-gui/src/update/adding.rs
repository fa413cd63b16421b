//! Actions that add downloads.

use sprat_protocol::{Link, LinkError};

use super::effect::Effect;
use super::steps::get;
use crate::actions::AddAction;
use crate::model::screen::Screen;
use crate::state::ViewState;
use crate::words;

/// Longest text that is taken from a paste, in bytes. Longer texts are no link.
const MAX_PASTE: usize = 8 * 1024;
/// Most links that are pasted at once, one a line.
const MAX_LINKS: usize = 1000;

pub(super) fn update(view: &mut ViewState, action: AddAction, now: f64) -> Vec<Effect> {
    match action {
        AddAction::Type(text) => {
            (view.adding.text, view.adding.error) = (text, None);
            Vec::new()
        }
        AddAction::Submit => submit(view, now),
        AddAction::Paste(pasted) => paste(view, &pasted, now),
        AddAction::AcceptOffer => view.adding.offers.pop_front().map(|link| get(view, link, now)).unwrap_or_default(),
        AddAction::DeclineOffer => {
            view.adding.offers.pop_front();
            Vec::new()
        }
    }
}

fn submit(view: &mut ViewState, now: f64) -> Vec<Effect> {
    match view.adding.text.parse::<Link>() {
        Ok(link) => {
            view.adding.text.clear();
            view.adding.error = None;
            get(view, link, now)
        }
        Err(error) => {
            view.adding.error = Some(id_error(&error));
            Vec::new()
        }
    }
}

/// Sentence for a text that is no link. Only an ID is asked for: whatever else is wrong with a link, its ID will do.
fn id_error(error: &LinkError) -> &'static str {
    match error {
        LinkError::FileId | LinkError::TooLong => words::BAD_ID,
        _ => words::DAMAGED_LINK,
    }
}

fn paste(view: &mut ViewState, pasted: &str, now: f64) -> Vec<Effect> {
    let pasted = pasted.trim();
    view.screen = Screen::Transfers;
    let links: Result<Vec<Link>, _> = pasted.lines().take(MAX_LINKS + 1).map(str::parse).collect();
    if let Ok(links) = links
        && (2..=MAX_LINKS).contains(&links.len())
    {
        return links.into_iter().flat_map(|link| get(view, link, now)).collect();
    }
    view.adding.text = pasted[..pasted.floor_char_boundary(MAX_PASTE)].to_owned();
    submit(view, now)
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
