//! Moderation: orders of the operator while the tracker runs, on who may use it and what it is to forget.

use std::sync::Arc;
use std::time::Duration;

use sprat_chunking::FileId;
use sprat_protocol::PeerId;
use sprat_protocol::tracker::AccessToken;
use tokio::task::spawn_blocking;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::names::Names;
use super::refusal::Refusal;
use crate::access::blocks::{Added, BlockError, Reason, Target};
use crate::access::{Access, AccessConfig, AccessFilesError, FileError, Role};
use crate::model::moment::Now;
use crate::store::Store;

/// Pause between two looks whether another process has made or revoked a token.
const TOKEN_TICK: Duration = Duration::from_secs(1);
/// Number of these looks after which it is written down which tokens were used.
const LOOKS_PER_NOTE: u32 = 60;

/// Moderation of a tracker while it runs.
#[derive(Debug)]
pub struct Moderation {
    access: Arc<Access>,
    store: Arc<dyn Store>,
    names: Arc<Names>,
}

impl Moderation {
    pub(super) fn new(access: Arc<Access>, store: Arc<dyn Store>, names: Arc<Names>) -> Self {
        Self { access, store, names }
    }

    /// Makes a token that ends at `expires` in seconds since 1970, or never.
    ///
    /// # Errors
    /// [`Refusal`] if that cannot be.
    pub async fn create_token(
        &self,
        name: String,
        role: Role,
        expires: Option<u64>,
        now: Now,
    ) -> Result<AccessToken, Refusal> {
        let token = self.with_files(move |access| access.tokens().create(&name, role, expires, now)).await?;
        tracing::info!(%role, "a token was made");
        Ok(token)
    }

    /// Makes a token good for nothing. Returns whether there was one of this name.
    ///
    /// # Errors
    /// [`Refusal`] if that cannot be.
    pub async fn revoke_token(&self, name: String) -> Result<bool, Refusal> {
        let is_removed = self.with_files(move |access| access.tokens().revoke(&name)).await?;
        tracing::info!(is_removed, "a token was revoked");
        Ok(is_removed)
    }

    /// Blocks something from now on, and forgets it: a file that is blocked is in no answer any more.
    ///
    /// # Errors
    /// [`Refusal`] if that cannot be.
    pub async fn block(&self, target: Target, reason: Reason, now: Now) -> Result<(), Refusal> {
        self.with_files(move |access| access.blocks().add(target, &reason, now)).await?;
        tracing::info!(?target, "blocked");
        match target {
            Target::Peer(peer_id) => self.forget_peer(peer_id).await,
            Target::File(file_id) => self.forget_file(file_id).await,
            // Nobody renews a lease from there any more.
            Target::Address(_) => {}
        }
        Ok(())
    }

    /// Blocks something no longer. Returns whether it was, but for what stands in a file.
    ///
    /// # Errors
    /// [`Refusal`] if that cannot be.
    pub async fn unblock(&self, target: Target) -> Result<bool, Refusal> {
        let is_removed = self.with_files(move |access| access.blocks().remove(target)).await?;
        tracing::info!(?target, is_removed, "blocked no longer");
        Ok(is_removed)
    }

    /// Lists what was blocked while the tracker ran.
    ///
    /// # Errors
    /// [`Refusal`] if that cannot be read.
    pub async fn blocked(&self) -> Result<Added, Refusal> {
        self.with_files(|access| access.blocks().added().map_err(BlockError::from)).await
    }

    /// Takes over who may do what from another configuration, and reads the files about that again.
    ///
    /// # Errors
    /// [`AccessFilesError`] names the file that is in the way. Then everything stays as it was.
    pub async fn reload(&self, config: AccessConfig) -> Result<(), AccessFilesError> {
        let access = self.access.clone();
        let news = blocking(move || access.reload(&config)).await?;
        let (peers, networks, files) = self.access.blocks().listed();
        let tokens = self.access.tokens().len();
        tracing::info!(tokens, peers, networks, files, "tokens and block lists read again");
        for peer_id in news.peers {
            self.forget_peer(peer_id).await;
        }
        for file_id in news.files {
            self.forget_file(file_id).await;
        }
        Ok(())
    }

    /// Takes over tokens that another process makes or revokes, until `shutdown`, and writes down which are used.
    pub(super) async fn keep_tokens(&self, shutdown: &CancellationToken) {
        let mut ticks = tokio::time::interval(TOKEN_TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let forever = async {
            let mut failed = false;
            for look in 1u32.. {
                ticks.tick().await;
                let notes = look.is_multiple_of(LOOKS_PER_NOTE);
                let looked = self.look_at_tokens(notes).await;
                // A file that stays damaged is one line, and not one a second.
                if let Err(error) = &looked
                    && !failed
                {
                    tracing::error!(%error, "the tokens stay as they were");
                }
                failed = looked.is_err();
            }
        };
        shutdown.run_until_cancelled(forever).await;
        if let Err(error) = self.look_at_tokens(true).await {
            tracing::warn!(%error, "when tokens were last used is not all written down");
        }
    }

    async fn look_at_tokens(&self, notes_uses: bool) -> Result<(), FileError> {
        let access = self.access.clone();
        let look = move || {
            let is_changed = access.tokens().refresh()?;
            if notes_uses {
                access.tokens().note_uses()?;
            }
            Ok(is_changed)
        };
        if blocking(look).await? {
            tracing::info!(tokens = self.access.tokens().len(), "tokens changed");
        }
        Ok(())
    }

    /// A store that is away forgets by itself: nobody renews a blocked peer's lease.
    async fn forget_peer(&self, peer_id: PeerId) {
        if let Err(error) = self.store.remove_peer(peer_id).await {
            tracing::warn!(%peer_id, %error, "a blocked peer is known until its lease ends");
        }
    }

    /// Forgets a blocked file. Where it is still known it is left out of every answer.
    async fn forget_file(&self, file_id: FileId) {
        if let Err(error) = self.store.remove_file(file_id).await {
            tracing::warn!(%file_id, %error, "a blocked file stays in the store, and in no answer");
        }
        if !self.names.remove(file_id).await {
            tracing::warn!(%file_id, "the name of a blocked file stays in the catalogue, and in no answer");
        }
    }

    /// Does something with the files about access, where that may take its time.
    async fn with_files<T: Send + 'static, E: Into<Refusal> + Send + 'static>(
        &self,
        work: impl FnOnce(&Access) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Refusal> {
        let access = self.access.clone();
        blocking(move || work(&access)).await.map_err(Into::into)
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(work).await.expect("this neither panics nor is it aborted")
}
