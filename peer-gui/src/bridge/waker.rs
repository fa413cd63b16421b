//! A way to wake the window without knowing egui.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// Handle that wakes the window, once there is one. Clones wake the same window.
#[derive(Clone, Default)]
pub struct Waker(Arc<OnceLock<Box<dyn Fn() + Send + Sync>>>);

impl Waker {
    /// Sets the function that wakes the window. Only the first call counts.
    pub fn set(&self, wake: impl Fn() + Send + Sync + 'static) {
        let _ = self.0.set(Box::new(wake));
    }

    /// Wakes the window. A window that does not exist yet needs no waking: its first frame looks at everything.
    pub fn wake(&self) {
        if let Some(wake) = self.0.get() {
            wake();
        }
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Waker").field(&self.0.get().is_some()).finish()
    }
}
