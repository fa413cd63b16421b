//! Actions that belong to no screen.

use super::effect::Effect;
use super::steps::copy;
use crate::actions::WindowAction;
use crate::state::ViewState;

/// Carries out an action that belongs to no screen, also while there is no engine. `now` is in seconds on the window's clock.
pub fn update(view: &mut ViewState, action: WindowAction, now: f64) -> Vec<Effect> {
    match action {
        WindowAction::Copy(copied, said) => copy(view, copied, said, now),
        WindowAction::DismissToast(id) => {
            view.toasts.dismiss(id);
            Vec::new()
        }
        WindowAction::Quit => vec![Effect::Quit],
    }
}
