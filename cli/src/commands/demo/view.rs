//! Pictures of the demo: chunks arriving from each seeder, and the table of who sent how many.

use sprat_api::TransferView;

use super::swarm::{Seeder, Swarm};
use crate::terminal::failure::Failure;
use crate::terminal::output::Output;
use crate::terminal::progress::{self, Bar};
use crate::terminal::words::{count, size};

/// Chunks as they arrive: bars at a terminal, else lines.
pub(super) struct View {
    output: Output,
    bars: Vec<Bar>,
    last_line: String,
}

impl View {
    pub(super) fn new(output: Output) -> Self {
        Self { output, bars: Vec::new(), last_line: String::new() }
    }

    /// Shows how the download stands.
    pub(super) fn show(&mut self, transfer: &TransferView, swarm: &Swarm) -> Result<(), Failure> {
        if transfer.num_chunks == 0 {
            return Ok(());
        }
        if progress::is_hidden() {
            return self.show_line(transfer, swarm);
        }
        if self.bars.is_empty() {
            let total = u64::from(transfer.num_chunks);
            let names = (1..=swarm.seeders.len()).map(|number| format!("seeder {number}"));
            self.bars = names.chain(["together".to_owned()]).map(|name| Bar::chunks(&name, total)).collect();
        }
        if let Some(together) = self.bars.last() {
            together.set(transfer.chunks_done.into());
        }
        for (bar, seeder) in self.bars.iter().zip(&swarm.seeders) {
            bar.set(sent_by(transfer, seeder).0.into());
            bar.say(if seeder.runs() { "" } else { "stopped" });
        }
        Ok(())
    }

    fn show_line(&mut self, transfer: &TransferView, swarm: &Swarm) -> Result<(), Failure> {
        let each = swarm.seeders.iter().enumerate().map(|(index, seeder)| {
            let stopped = if seeder.runs() { "" } else { " (stopped)" };
            format!("   seeder {}: {:>3}{stopped}", index + 1, sent_by(transfer, seeder).0)
        });
        let line =
            format!("  {:>4} of {} chunks{}", transfer.chunks_done, transfer.num_chunks, each.collect::<String>());
        if line != self.last_line {
            self.output.line(&line)?;
            self.last_line = line;
        }
        Ok(())
    }
}

/// Chunks and bytes that came from this seeder.
pub(super) fn sent_by(transfer: &TransferView, seeder: &Seeder) -> (u32, u64) {
    let its = transfer.peers.iter().filter(|peer| peer.peer_id == seeder.peer_id);
    its.fold((0, 0), |(chunks, bytes), peer| (chunks + peer.chunks_down, bytes + peer.bytes_down))
}

/// Prints who sent how much, and what is worth saying about that.
pub(super) fn table(transfer: &TransferView, swarm: &Swarm, output: Output) -> Result<(), Failure> {
    let chunks = count(transfer.num_chunks as usize, "chunk");
    output.line(&format!("\nComplete: {chunks}, each verified as it arrived."))?;
    let mut senders = 0;
    for (index, seeder) in swarm.seeders.iter().enumerate() {
        let (chunks, bytes) = sent_by(transfer, seeder);
        senders += usize::from(chunks > 0);
        let stopped = if seeder.runs() { "" } else { "   stopped on the way" };
        output.line(&format!("  Seeder {}  {chunks:>6} chunks  {:>12}{stopped}", index + 1, size(bytes)))?;
    }
    if let Some(remark) = remark(transfer.num_chunks as usize, senders, swarm) {
        output.line(&remark)?;
    }
    Ok(())
}

fn remark(chunks: usize, senders: usize, swarm: &Swarm) -> Option<String> {
    let seeders = swarm.seeders.len();
    if chunks == 0 {
        return Some("An empty file has no chunks, so nobody had to send any.".to_owned());
    }
    if chunks < seeders {
        return Some(format!(
            "A file of {} can't come from all {seeders} seeders; try a larger one.",
            count(chunks, "chunk")
        ));
    }
    if swarm.all_run() {
        return Some("It was complete before a seeder could be stopped; try a larger file.".to_owned());
    }
    (senders < seeders).then(|| {
        format!("Only {senders} of {seeders} seeders were needed this time; run it again, or try a larger file.")
    })
}
