//! The user's choice of programs, `mimeapps.list`: one line of it is ours, and everything else stays as it is.

const SECTION: &str = "[Default Applications]";
const KEY: &str = "x-scheme-handler/sprat";

/// Tells whether this entry opens our links.
pub(super) fn is_default(list: &str, entry: &str) -> bool {
    let mut ours = defaults(list).filter(|(key, _)| *key == KEY);
    ours.next().is_some_and(|(_, value)| value.split(';').next() == Some(entry))
}

/// Changes the list so that this entry, and no other, opens our links.
pub(super) fn with_default(list: &str, entry: &str) -> String {
    let mut lines = without_key(list, |_| true);
    let line = format!("{KEY}={entry}");
    match lines.iter().position(|line| line.trim() == SECTION) {
        Some(section) => lines.insert(section + 1, &line),
        None => lines.extend([SECTION, &line]),
    }
    lines.join("\n") + "\n"
}

/// Changes the list so that this entry does not open our links.
pub(super) fn without_default(list: &str, entry: &str) -> String {
    let lines = without_key(list, |value| value.split(';').next() == Some(entry));
    if lines.is_empty() { String::new() } else { lines.join("\n") + "\n" }
}

/// Keys in the section, with their values.
fn defaults(list: &str) -> impl Iterator<Item = (&str, &str)> {
    let section = list.lines().skip_while(|line| line.trim() != SECTION).skip(1);
    section.take_while(|line| !is_header(line)).filter_map(pair)
}

/// Lines without those of our key in the section whose value is to go.
fn without_key(list: &str, goes: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut in_section = false;
    let stays = |line: &&str| {
        if is_header(line) {
            in_section = line.trim() == SECTION;
        }
        !(in_section && pair(line).is_some_and(|(key, value)| key == KEY && goes(value)))
    };
    list.lines().filter(stays).collect()
}

fn is_header(line: &str) -> bool {
    line.trim_start().starts_with('[')
}

fn pair(line: &str) -> Option<(&str, &str)> {
    line.split_once('=').map(|(key, value)| (key.trim(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "[Default Applications]\nx-scheme-handler/sprat=sprat.desktop\n";

    #[test]
    fn our_line_comes_and_goes() {
        for (before, with) in [
            ("", OURS.to_owned()),
            ("[Default Applications]\nx-scheme-handler/sprat=other.desktop;\n", OURS.to_owned()),
            ("# mine\n[Added Associations]\na=b\n", format!("# mine\n[Added Associations]\na=b\n{OURS}")),
            ("[Default Applications]\na=b\n\n[X]\nc=d\n", OURS.to_owned() + "a=b\n\n[X]\nc=d\n"),
        ] {
            assert_eq!(with_default(before, "sprat.desktop"), with);
            assert!(is_default(&with, "sprat.desktop") && !is_default(before, "sprat.desktop"));
        }
        assert_eq!(without_default(OURS, "sprat.desktop"), "[Default Applications]\n");
        assert_eq!(without_default("", "sprat.desktop"), "");
    }

    #[test]
    fn what_others_chose_stays() {
        let others = "[Default Applications]\nx-scheme-handler/sprat=other.desktop\n";
        assert_eq!(without_default(others, "sprat.desktop"), others);
        let elsewhere = "[Added Associations]\nx-scheme-handler/sprat=sprat.desktop\n";
        assert_eq!(without_default(elsewhere, "sprat.desktop"), elsewhere);
        assert!(!is_default(elsewhere, "sprat.desktop"));
    }
}
