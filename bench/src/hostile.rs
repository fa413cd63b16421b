//! A hostile peer in a process of its own, so that it can run on a host of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use sprat_tests::liar::{Liar, Lie};

/// Options of `hostile`.
#[derive(clap::Args)]
pub(crate) struct Hostile {
    /// Misdeed of the peer
    #[arg(value_enum)]
    what: What,
    /// The file that it claims to share
    file: PathBuf,
    /// Address to listen at
    #[arg(long)]
    listen: SocketAddr,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// One byte a second.
    Trickle,
    /// One chunk in twenty is not right.
    CorruptSome,
}

/// Serves until it is ended.
pub(crate) fn run(hostile: &Hostile) -> anyhow::Result<()> {
    let data = std::fs::read(&hostile.file)?;
    let lie = match hostile.what {
        What::Trickle => Lie::Trickle,
        What::CorruptSome => Lie::CorruptSome,
    };
    crate::engine::runtime()?.block_on(async {
        let liar = Liar::start_at(hostile.listen, data, lie).await;
        println!("listening on {}", liar.addr);
        std::future::pending::<()>().await;
        Ok(())
    })
}
