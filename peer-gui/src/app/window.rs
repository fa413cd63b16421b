//! The window on the screen: eframe's side, which takes news from the bridge, draws frames, and carries out effects.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use egui::{Context, Ui, ViewportCommand};

use super::frame::frame;
use crate::bridge::{Bridge, Waker};
use crate::model::messages::{Notice, Request};
use crate::state::toasts::Mood;
use crate::state::{Phase, Received, ViewState};
use crate::update::{Effect, forget_removed, notices};
use crate::widgets::theme;
use crate::words;

/// Time after which a full queue of the engine is tried again.
const ROOM_AGAIN: Duration = Duration::from_millis(20);

/// The window on the screen.
#[derive(Debug)]
pub struct App {
    bridge: Bridge,
    phase: Phase,
    view: ViewState,
    /// State of the last frame: `Some` once it was drawn, true if the transfers were in it. `told` is what the log has
    /// of that.
    shown: Option<bool>,
    told: Option<bool>,
}

impl App {
    /// Creates a window onto the engine behind the bridge.
    pub fn new(ctx: &Context, bridge: Bridge, waker: &Waker) -> Self {
        theme::install(ctx);
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let began = since_1970 - ctx.input(|input| input.time);
        let ctx = ctx.clone();
        waker.set(move || ctx.request_repaint());
        let mut view = ViewState::default();
        view.window.began = began;
        Self { bridge, phase: Phase::Starting, view, shown: None, told: None }
    }

    /// Logs when the first frame is on the screen, and when the first one with the transfers is. A frame is on the
    /// screen once the next one begins.
    fn tell_first_frames(&mut self) {
        if self.shown != self.told {
            tracing::info!(with_transfers = self.shown == Some(true), "the first frame is drawn");
            self.told = self.shown;
        }
    }

    /// Takes in the notices and the newest snapshot.
    fn take_news(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        while let Some(notice) = self.bridge.next_notice() {
            if let Notice::Failed(reason) = &notice {
                self.phase = Phase::Failed(reason.clone());
            }
            let effects = notices::take(&mut self.view, self.phase.snapshot(), notice, now);
            self.carry_out(ctx, effects, now);
        }
        if let Some(snapshot) = self.bridge.new_snapshot() {
            notices::compare(&mut self.view, self.phase.snapshot(), &snapshot, now);
            self.phase = Phase::Running(Received { snapshot, at: now });
        }
    }

    fn carry_out(&mut self, ctx: &Context, effects: Vec<Effect>, now: f64) {
        for effect in effects {
            let done = match effect {
                Effect::Engine(command) => {
                    self.bridge.send(command);
                    true
                }
                // Nobody asked for a notification, so nobody misses one.
                Effect::Ask(request @ Request::Notify { .. }) => {
                    self.bridge.ask(request);
                    true
                }
                Effect::Ask(request) => self.bridge.ask(request),
                Effect::Copy(text) => {
                    ctx.copy_text(text);
                    true
                }
                Effect::Quit => {
                    ctx.send_viewport_cmd(ViewportCommand::Close);
                    true
                }
            };
            if !done {
                self.view.toasts.push(words::BUSY, Mood::Trouble, now);
            }
        }
    }
}

impl eframe::App for App {
    /// Takes in news, also while the window is hidden, so that they never pile up.
    fn logic(&mut self, ctx: &Context, _: &mut eframe::Frame) {
        self.tell_first_frames();
        self.take_news(ctx);
        let now = ctx.input(|input| input.time);
        let effects = forget_removed(&mut self.view, now);
        self.carry_out(ctx, effects, now);
        if self.bridge.flush() {
            ctx.request_repaint_after(ROOM_AGAIN);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        let effects = frame(ui, &self.phase, &mut self.view);
        let now = ui.input(|input| input.time);
        let ctx = ui.ctx().clone();
        self.carry_out(&ctx, effects, now);
        let shown = Some(self.phase.snapshot().is_some());
        if self.shown != shown {
            self.shown = shown;
            ctx.request_repaint();
        }
    }

    /// Lets go of the engine, which its owner ends once the window is gone.
    fn on_exit(&mut self, _: Option<&eframe::glow::Context>) {
        for effect in forget_removed(&mut self.view, f64::INFINITY) {
            if let Effect::Engine(command) = effect {
                self.bridge.send(command);
            }
        }
        self.bridge.let_go();
    }
}
