//! Actions on the Share screen.

use super::effect::Effect;
use super::steps::open;
use crate::actions::ShareAction;
use crate::model::engine::Command;
use crate::model::messages::Request;
use crate::model::typed;
use crate::state::{Dialog, ViewState};

pub(super) fn update(view: &mut ViewState, action: ShareAction) -> Vec<Effect> {
    match action {
        ShareAction::PickFile => vec![Effect::Ask(Request::PickFile)],
        ShareAction::PickFolder => vec![Effect::Ask(Request::PickShareFolder)],
        ShareAction::Share(path) => vec![Effect::share(path)],
        ShareAction::Type(path) => {
            view.share.path = path;
            Vec::new()
        }
        ShareAction::ShareTyped => share_typed(view),
        ShareAction::Cancel(path) => vec![Effect::Engine(Command::CancelShare(path))],
        ShareAction::ShowQr(name, link) => open(view, Dialog::Qr { name, link: Box::new(link) }),
    }
}

fn share_typed(view: &mut ViewState) -> Vec<Effect> {
    view.share.note = None;
    typed::path(&view.share.path).map(Effect::share).into_iter().collect()
}
