//! The plan of the house: the table under "Rooms" in ARCHITECTURE.md, and what the manifests say beside it.

/// Heading above the table.
const HEADING: &str = "## Rooms";

/// Rows of the table, from top to bottom.
pub(crate) struct Plan {
    rows: Vec<Row>,
}

/// Rooms of one crate, and the crates that it may use.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    name: String,
    uses: Vec<String>,
    /// Floors from top to bottom, each with its rooms; none where the crate has no order of rooms.
    floors: Option<Vec<Vec<String>>>,
}

impl Plan {
    /// Reads the table from the text of ARCHITECTURE.md.
    pub(crate) fn read(text: &str) -> Self {
        let section =
            text.lines().skip_while(|line| *line != HEADING).skip(1).take_while(|line| !line.starts_with("## "));
        let rows = section.filter(|line| line.starts_with("| `")).map(Row::read).collect();
        Self { rows }
    }

    /// Row of a crate, named as its folder is.
    pub(crate) fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// Crates without a row, rows without a crate, and rows that use one above them.
    pub(crate) fn faults(&self, members: &[String], without: &[&str]) -> Vec<String> {
        let mut faults = Vec::new();
        for member in members {
            match (self.row(member), without.contains(&member.as_str())) {
                (None, false) => faults.push(format!("{member}: no row under \"{HEADING}\" in ARCHITECTURE.md")),
                (Some(_), true) => faults.push(format!("{member} has its row: take it out of the exceptions")),
                _ => {}
            }
        }
        for (at, row) in self.rows.iter().enumerate() {
            if !members.contains(&row.name) {
                faults.push(format!("{}: a row, but no crate", row.name));
            }
            let above = |used: &&String| !self.rows[at + 1..].iter().any(|below| below.name == **used);
            let above = row.uses.iter().filter(above).filter(|used| !without.contains(&used.as_str()));
            faults.extend(above.map(|used| format!("{}: may use {used}, which is not below it", row.name)));
        }
        faults
    }

    /// Crates of the workspace that a manifest asks for and that the crate's row does not have.
    pub(crate) fn dependency_faults(&self, name: &str, manifest: &str) -> Vec<String> {
        let row = self.row(name).expect("a row");
        dependencies(manifest)
            .into_iter()
            .filter(|used| !row.uses.contains(used))
            .map(|used| format!("{name}: depends on {used}, which its row does not have"))
            .collect()
    }
}

impl Row {
    /// Reads a line such as ``| `peer` | `api`, `protocol` | engine > download > discovery, peers |``.
    pub(crate) fn read(line: &str) -> Self {
        let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.replace('`', "")).collect();
        let [name, uses, rooms] = &cells[..] else { panic!("not three cells: {line}") };
        let list = |text: &str| -> Vec<String> {
            text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
        };
        let floors = (rooms.trim() != "any").then(|| rooms.split('>').map(list).collect());
        Self { name: name.trim().to_owned(), uses: list(uses), floors }
    }

    /// Returns true if the crate's rooms have an order.
    pub(crate) fn is_ordered(&self) -> bool {
        self.floors.is_some()
    }

    /// All rooms, from top to bottom.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = &String> {
        self.floors.iter().flatten().flatten()
    }

    /// Returns true if a room may import another one.
    pub(crate) fn may_import(&self, room: &str, imported: &str) -> bool {
        let floor = |room: &str| self.floors.iter().flatten().position(|floor| floor.iter().any(|here| here == room));
        room == imported || !self.is_ordered() || floor(room) < floor(imported)
    }
}

/// Folders of the workspace's crates, from its manifest.
pub(crate) fn members(manifest: &str) -> Vec<String> {
    let list = manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']')).expect("members").0;
    list.split(',').map(|name| name.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty()).collect()
}

/// Crates of the workspace that a manifest asks for outside tests, by their folders.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut section = "";
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
        }
        let is_linked =
            section == "dependencies" || (section.starts_with("target.") && section.ends_with(".dependencies"));
        if let Some(rest) = line.strip_prefix("sprat-").filter(|_| is_linked) {
            let name: String = rest.chars().take_while(|next| next.is_ascii_alphanumeric() || *next == '-').collect();
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# A\n\n## Rooms\n\nWords.\n\n| crate | may use | rooms |\n| --- | --- | --- |\n\
        | `top` | `base` | engine > disc, peers > world |\n| `base` | | any |\n\n## More\n\n| `no` | | row |\n";

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn table_is_read_to_the_next_heading() {
        let plan = Plan::read(TABLE);
        assert_eq!(plan.rows.len(), 2);
        assert_eq!(plan.row("top").unwrap().uses, ["base"]);
        assert_eq!(plan.row("top").unwrap().rooms().collect::<Vec<_>>(), ["engine", "disc", "peers", "world"]);
        assert!(!plan.row("base").unwrap().is_ordered());
        assert!(plan.faults(&names(&["top", "base"]), &[]).is_empty());
    }

    #[test]
    fn rooms_import_only_rooms_on_floors_below() {
        let row = Row::read("| `top` | | engine > disc, peers > world |");
        assert!(row.may_import("engine", "world") && row.may_import("peers", "peers"));
        assert!(!row.may_import("world", "engine"));
        assert!(!row.may_import("disc", "peers"));
    }

    #[test]
    fn crates_and_rows_that_do_not_fit_are_faults() {
        let plan = Plan::read(TABLE);
        let members = names(&["top", "base", "new"]);
        assert_eq!(plan.faults(&members, &[]), ["new: no row under \"## Rooms\" in ARCHITECTURE.md"]);
        assert_eq!(plan.faults(&members, &["new", "top"]), ["top has its row: take it out of the exceptions"]);
        assert_eq!(plan.faults(&names(&["top"]), &[]), ["base: a row, but no crate"]);
        let upward = Plan::read("## Rooms\n| `a` | | any |\n| `b` | `a` | any |\n");
        assert_eq!(upward.faults(&names(&["a", "b"]), &[]), ["b: may use a, which is not below it"]);
    }

    #[test]
    fn dependencies_that_the_row_does_not_have_are_faults() {
        let plan = Plan::read("## Rooms\n| `a` | `b` | any |\n| `b` | | any |\n");
        let manifest = "[dependencies]\nsprat-b.workspace = true\nsprat-c = { path = \"../c\" }\n\
            [target.'cfg(unix)'.dependencies]\nsprat-d.workspace = true\n[dev-dependencies]\nsprat-e.workspace = true\n";
        let faults = plan.dependency_faults("a", manifest);
        assert_eq!(
            faults,
            ["a: depends on c, which its row does not have", "a: depends on d, which its row does not have"]
        );
    }

    #[test]
    fn members_are_read_from_the_manifest() {
        assert_eq!(members("[workspace]\nmembers = [\"a\",\n \"b-c\"]\n"), ["a", "b-c"]);
    }
}
