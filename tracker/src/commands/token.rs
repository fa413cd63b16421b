//! Tokens of those who may use the tracker.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, bail};
use sprat_tracker::Now;
use sprat_tracker::access::Role;
use sprat_tracker::access::tokens::{TokenInfo, Tokens};
use sprat_tracker::config::Sources;

use super::data_folder::create;
use super::options::TokenAction;
use super::output::print;

/// Does it in the data folder, beside a tracker that may be running.
pub(super) fn act(action: TokenAction, sources: &Sources) -> anyhow::Result<()> {
    let config = sources.read()?.config;
    let folder = config.data_dir.context(
        "tokens are kept in the data folder, and none is set; name the tracker's with --data-dir, or its configuration \
         with --config",
    )?;
    match action {
        TokenAction::Create { name, role, expires } => make(&folder, &name, role, expires),
        TokenAction::List => Ok(print(&table(&Tokens::open(Some(&folder))?.list(), Now::read()))?),
        TokenAction::Revoke { name } => match Tokens::open(Some(&folder))?.revoke(&name)? {
            true => Ok(()),
            false => bail!("there is no token of this name; `sprat-tracker token list` shows all"),
        },
    }
}

fn make(folder: &Path, name: &str, role: Role, expires: Option<Duration>) -> anyhow::Result<()> {
    create(folder)?;
    let now = Now::read();
    let expires = expires.map(|time| now.unix_seconds.saturating_add(time.as_secs()));
    let token = Tokens::open(Some(folder))?.create(name, role, expires, now)?;
    print(&format!("{}\n", token.reveal()))?;
    // A hint to a person; nothing depends on it.
    let _ = writeln!(io::stderr(), "This is shown once. Its holder stores it with `sprat login TRACKER`.");
    Ok(())
}

fn table(tokens: &[TokenInfo], now: Now) -> String {
    let mut text = String::new();
    let mut row = |cells: [&str; 5]| {
        let [role, created, expires, used, name] = cells;
        let _ = writeln!(text, "{role:<6} {created:<17} {expires:<17} {used:<17} {name}");
    };
    row(["ROLE", "MADE (UTC)", "ENDS", "LAST USED", "NAME"]);
    for token in tokens {
        let ends = match token.expires {
            Some(expires) if expires <= now.unix_seconds => "has ended".to_owned(),
            expires => expires.map_or_else(|| "never".to_owned(), date),
        };
        let used = token.last_used.map_or_else(|| "never".to_owned(), date);
        row([&token.role.to_string(), &date(token.created), &ends, &used, &token.name]);
    }
    text
}

/// A time as `2026-11-21 13:00`.
fn date(unix_seconds: u64) -> String {
    // The latest time that can be written so.
    const LAST: u64 = 253_402_300_799;
    let time = UNIX_EPOCH + Duration::from_secs(unix_seconds.min(LAST));
    humantime::format_rfc3339_seconds(time).to_string().replace('T', " ").chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn tokens_are_a_line_each() {
        let token = |name: &str, expires, last_used| TokenInfo {
            name: name.to_owned(),
            role: Role::Share,
            created: 1_790_000_000,
            expires,
            last_used,
        };
        let tokens = [
            token("a", None, None),
            token("b c", Some(1_790_000_001), Some(1_789_999_200)),
            token("d", Some(u64::MAX), None),
        ];
        let text = table(&tokens, Now { instant: Instant::now(), unix_seconds: 1_790_000_001 });
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
            .collect();
        assert_eq!(lines[1], ["share", "2026-09-21 14:13", "never", "never", "a"]);
        assert_eq!(lines[2], ["share", "2026-09-21 14:13", "has ended", "2026-09-21 14:00", "b c"]);
        assert_eq!(lines[3][2], "9999-12-31 23:59");
    }
}
