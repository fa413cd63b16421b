//! Scripts in Lua, which the servers of the cluster run in one step. Each script says at its top what it takes and
//! returns.

use std::sync::LazyLock;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Script};

/// A script on the two keys of a file, after what those have in common.
macro_rules! on_file {
    ($name:literal) => {
        LazyLock::new(|| {
            Script::new(concat!(include_str!("scripts/swarm.lua"), include_str!(concat!("scripts/", $name))))
        })
    };
}

/// A script on one key.
macro_rules! on_key {
    ($name:literal) => {
        LazyLock::new(|| Script::new(include_str!(concat!("scripts/", $name))))
    };
}

pub(super) static ADD: LazyLock<Script> = on_file!("add.lua");
pub(super) static RENEW: LazyLock<Script> = on_file!("renew.lua");
pub(super) static LEAVE: LazyLock<Script> = on_file!("leave.lua");
pub(super) static LOOK_UP: LazyLock<Script> = on_file!("look_up.lua");
pub(super) static OPEN: LazyLock<Script> = on_key!("open.lua");
pub(super) static BEAT: LazyLock<Script> = on_key!("beat.lua");
pub(super) static AMEND: LazyLock<Script> = on_key!("amend.lua");
pub(super) static RELEASE: LazyLock<Script> = on_key!("release.lua");
pub(super) static JOIN: LazyLock<Script> = on_key!("join.lua");
pub(super) static FOLLOW: LazyLock<Script> = on_key!("follow.lua");

/// Hands all scripts to a server, which forgets them only when it ends.
pub(super) async fn load(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    for script in [&ADD, &RENEW, &LEAVE, &LOOK_UP, &OPEN, &BEAT, &AMEND, &RELEASE, &JOIN, &FOLLOW] {
        script.load_async(connection).await?;
    }
    Ok(())
}
