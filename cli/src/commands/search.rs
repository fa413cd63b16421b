//! `sprat search`: files by the words in their names.

use sprat_api::{Answer, Command, Found, TrackerError};
use sprat_protocol::FileName;
use sprat_protocol::tracker::{MAX_SEARCH_WORDS_LEN, SearchHit};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::args::SearchArgs;
use crate::commands::login;
use crate::config::{ConfigFile, Trackers};
use crate::engine::asking;
use crate::terminal::failure::{Exit, Failure};
use crate::terminal::interrupt::Interrupt;
use crate::terminal::output::Output;
use crate::terminal::records::FoundRecord;
use crate::terminal::words::size;

/// Columns that a name may take in the table.
const MAX_NAME_WIDTH: usize = 50;

/// Asks every tracker, and shows what they found together.
pub(crate) async fn run(args: &SearchArgs, output: Output, interrupt: &Interrupt) -> Result<(), Failure> {
    let words = args.words.join(" ");
    if words.len() > MAX_SEARCH_WORDS_LEN {
        let message = format!("these are more than {MAX_SEARCH_WORDS_LEN} bytes of words; use fewer of them");
        return Err(Failure::usage(message));
    }
    let trackers = Trackers::choose(&args.trackers.trackers, &ConfigFile::load()?)?;
    let tokens = login::tokens()?;
    let number = trackers.urls.len();
    let search = Command::Search { trackers: trackers.urls, words, page: args.page - 1 };
    let answer = tokio::select! {
        answer = asking::ask_once(tokens, None, search) => answer??,
        () = interrupt.requested() => return Err(Failure::interrupted()),
    };
    let Answer::Found(found) = answer else { return Err(Failure::engine_gone()) };
    tell_errors(&found, number, output)?;
    show(&found.files, output)?;
    if found.files.is_empty() {
        let what = if args.page > 1 {
            "that page has no files; ask for an earlier one"
        } else {
            "no file is called like that; try fewer or other words"
        };
        return Err(Failure::new(Exit::NotFound, what));
    }
    if found.more && !output.is_json() {
        output.note(&format!("There are more; add words, or see the next page with --page {}.", args.page + 1));
    }
    Ok(())
}

/// Tells of the trackers that are away. That none of those that were asked answers is an error.
fn tell_errors(found: &Found, asked: usize, output: Output) -> Result<(), Failure> {
    if found.errors.is_empty() {
        return Ok(());
    }
    let errors = found.errors.iter().map(TrackerError::to_string).collect::<Vec<_>>().join("\n");
    if found.errors.len() == asked {
        return Err(Failure::failed(errors));
    }
    output.note(&format!("sprat: {errors}"));
    Ok(())
}

fn show(hits: &[SearchHit], output: Output) -> Result<(), Failure> {
    for hit in hits {
        output.record(&FoundRecord::from(hit))?;
    }
    if !hits.is_empty() {
        for row in table(hits) {
            output.line(&row)?;
        }
    }
    Ok(())
}

/// A heading and a row for each file, in columns.
fn table(hits: &[SearchHit]) -> Vec<String> {
    let heading = ["Name", "Size", "Seeders", "ID"].map(str::to_owned);
    let rows = hits.iter().map(|hit| {
        let name = shorten(FileName::clean(&hit.name).as_str(), MAX_NAME_WIDTH);
        [name, size(hit.size), hit.seeders.to_string(), hit.file_id.to_string()]
    });
    let rows: Vec<_> = std::iter::once(heading).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2)];
    let fill = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()));
    rows.iter()
        .map(|[name, size, seeders, id]| {
            let (after, before, between) = (fill(name, widths[0]), fill(size, widths[1]), fill(seeders, widths[2]));
            format!("{name}{after}  {before}{size}  {between}{seeders}  {id}")
        })
        .collect()
}

/// Cut to this many columns of a terminal.
fn shorten(name: &str, max: usize) -> String {
    if name.width() <= max {
        return name.to_owned();
    }
    let mut width = 1;
    let fits = |c: &char| {
        width += c.width().unwrap_or(0);
        width <= max
    };
    format!("{}…", name.chars().take_while(fits).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(name: &str, seeders: u32, digit: u8) -> SearchHit {
        let file_id = sprat_chunking::FileId::new([digit; 32]);
        SearchHit { file_id, name: name.to_owned(), size: 2048, seeders, leechers: 0, first_seen: 0 }
    }

    #[test]
    fn columns_stand_under_each_other() {
        let rows = table(&[hit("a.iso", 12, 0x11), hit("日本\u{1b}[2J.txt", 3, 0x22)]);
        assert_eq!(rows[0], "Name              Size  Seeders  ID");
        assert_eq!(rows[1], format!("a.iso         2.00 KiB       12  {}", "11".repeat(32)));
        assert_eq!(rows[2], format!("日本_[2J.txt  2.00 KiB        3  {}", "22".repeat(32)));
    }

    #[test]
    fn long_names_are_cut_to_columns() {
        assert_eq!(shorten("abcd", 4), "abcd");
        assert_eq!(shorten("abcde", 4), "abc…");
        assert_eq!(shorten("日本語", 4), "日…");
    }
}
