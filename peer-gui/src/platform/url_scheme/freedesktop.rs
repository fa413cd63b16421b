//! Linux and the like: an entry of the menu, its icon, and the default for `x-scheme-handler/sprat`.
//!
//! After the Desktop Entry Specification, the Icon Theme Specification, and the Association between MIME types
//! and applications.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::mime_apps;
use crate::words;

/// Name of the entry's file.
const ENTRY: &str = "sprat.desktop";
/// Entry of a program that is found by its name.
const TEMPLATE: &str = include_str!("../../../assets/sprat.desktop");
const PLAIN_EXEC: &str = "Exec=sprat-gui --links %U";
const ICON: &str = include_str!("../../../assets/sprat.svg");

/// Directories of the user.
pub(super) struct Homes {
    /// Directory of data, `XDG_DATA_HOME`.
    pub(super) data: PathBuf,
    /// Directory of configuration, `XDG_CONFIG_HOME`.
    pub(super) config: PathBuf,
}

impl Homes {
    pub(super) fn of_user() -> io::Result<Self> {
        let base = directories::BaseDirs::new().ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { data: base.data_dir().to_owned(), config: base.config_dir().to_owned() })
    }

    fn entry(&self) -> PathBuf {
        self.data.join("applications").join(ENTRY)
    }

    fn icon(&self) -> PathBuf {
        self.data.join("icons/hicolor/scalable/apps/sprat.svg")
    }

    fn mime_apps(&self) -> PathBuf {
        self.config.join("mimeapps.list")
    }

    pub(super) fn register(&self, program: &Path) -> io::Result<()> {
        write(&self.icon(), ICON)?;
        write(&self.entry(), &entry(program)?)?;
        self.change_default(|list| mime_apps::with_default(list, ENTRY))
    }

    pub(super) fn is_registered(&self, program: &Path) -> io::Result<bool> {
        let is_default = mime_apps::is_default(&fs::read_to_string(self.mime_apps())?, ENTRY);
        Ok(is_default && fs::read_to_string(self.entry())? == entry(program)?)
    }

    pub(super) fn unregister(&self) -> io::Result<()> {
        self.change_default(|list| mime_apps::without_default(list, ENTRY))?;
        remove(&self.entry())?;
        remove(&self.icon())
    }

    fn change_default(&self, change: impl FnOnce(&str) -> String) -> io::Result<()> {
        let path = self.mime_apps();
        let list = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            list => list?,
        };
        let changed = change(&list);
        if changed == list { Ok(()) } else { write(&path, &changed) }
    }
}

/// Entry that starts this program.
fn entry(program: &Path) -> io::Result<String> {
    let refused =
        || io::Error::new(io::ErrorKind::InvalidInput, words::cannot_be_in_menu(&program.display().to_string()));
    let program = program.to_str().filter(|path| !path.contains(|c: char| c == '=' || c.is_control()));
    let exec = format!("Exec={} --links %U", quoted(program.ok_or_else(refused)?));
    Ok(TEMPLATE.replace(PLAIN_EXEC, &exec))
}

/// Quotes an argument in the key Exec. Field codes are made harmless, and then everything is escaped as every string in
/// the file is.
fn quoted(argument: &str) -> String {
    let mut quoted = String::new();
    for char in argument.chars() {
        match char {
            '\\' => quoted.push_str(r"\\\\"),
            '"' | '`' | '$' => quoted.extend(['\\', '\\', char]),
            '%' => quoted.push_str("%%"),
            char => quoted.push(char),
        }
    }
    format!("\"{quoted}\"")
}

/// Writes a file wholly or not at all. A link to a file elsewhere stays a link.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(dir)?;
    let new = tempfile::Builder::new().permissions(mode(&path)).tempfile_in(dir)?;
    fs::write(new.path(), text)?;
    new.persist(path)?;
    Ok(())
}

/// Permissions that a file has already, or else those that such files have: readable by all.
fn mode(path: &Path) -> fs::Permissions {
    let as_usual = || std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::metadata(path).map_or_else(|_| as_usual(), |metadata| metadata.permissions())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn links_are_opened_by_this_program_until_it_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let homes = Homes { data: dir.path().join("data"), config: dir.path().join("config") };
        let program = dir.path().join("a \"$HOME\" 100%/sprat-gui");
        assert!(homes.is_registered(&program).is_err());
        homes.unregister().unwrap();
        fs::create_dir(&homes.config).unwrap();
        let others = "[Default Applications]\ntext/html=browser.desktop\n";
        fs::write(homes.mime_apps(), others).unwrap();
        homes.register(&program).unwrap();
        homes.register(&program).unwrap();
        assert!(homes.is_registered(&program).unwrap());
        assert!(!homes.is_registered(Path::new("/elsewhere")).unwrap());
        assert!(fs::read_to_string(homes.icon()).unwrap().starts_with("<svg"));
        is_valid(&homes.entry());
        homes.unregister().unwrap();
        assert_eq!(fs::read_to_string(homes.mime_apps()).unwrap(), others);
        assert!(!homes.entry().exists() && !homes.icon().exists());
    }

    #[test]
    fn the_template_is_valid_and_has_the_line_that_is_replaced() {
        assert_eq!(TEMPLATE.matches(PLAIN_EXEC).count(), 1);
        is_valid(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(ENTRY));
    }

    /// Checks an entry with the tool for that, if it is installed.
    fn is_valid(entry: &Path) {
        if let Ok(said) = Command::new("desktop-file-validate").arg(entry).output() {
            assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
        }
    }

    #[test]
    fn programs_are_quoted_as_the_specification_says() {
        assert_eq!(quoted("/opt/sprat-gui"), "\"/opt/sprat-gui\"");
        assert_eq!(quoted(r#"/a b/$x`"\%"#), r#""/a b/\\$x\\`\\"\\\\%%""#);
        assert!(entry(Path::new("/a=b")).is_err() && entry(Path::new("/a\nb")).is_err());
    }
}
