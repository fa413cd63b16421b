//! Programs that are not BitTorrent: sendme (iroh, QUIC, BLAKE3), and a web server with curl.

use crate::compare::arena::{Arena, DOWNLOADER, Done, Fetching, Program, SEEDER, Seeding, texts};
use crate::network::address;
use crate::process::text;
use crate::programs::{found, version};

/// All of them.
pub(crate) fn all() -> Vec<Box<dyn Program>> {
    vec![Box::new(Sendme), Box::new(NginxCurl)]
}

struct Sendme;

impl Program for Sendme {
    fn name(&self) -> &'static str {
        "sendme (iroh)"
    }

    fn promises(&self) -> &'static str {
        "yes, yes"
    }

    fn version(&self) -> Option<String> {
        version("sendme", &["--version"])
    }

    fn seed(&self, arena: &Arena<'_>) -> anyhow::Result<Seeding> {
        let arguments =
            ["send", "--relay", "disabled", "--no-progress", "--ticket-type", "addresses", text(arena.file)?];
        let mut process = arena.start(SEEDER, &found("sendme")?, &arguments)?;
        let at = process.line("sendme receive ", arena.until)?.trim().to_owned();
        Ok(Seeding { process, at, _tracker: None })
    }

    /// Fetches into the program's own folder, then moves the file to where the program was started.
    fn fetch(&self, arena: &Arena<'_>, seeding: &Seeding) -> anyhow::Result<Fetching> {
        let arguments = ["receive", "--relay", "disabled", "--no-progress", &seeding.at];
        let process = arena.start(DOWNLOADER, &found("sendme")?, &arguments)?;
        let file = arena.home(DOWNLOADER).join(arena.file.file_name().unwrap_or_default());
        Ok(Fetching { process, done: Done::Ends, file })
    }
}

struct NginxCurl;

const PORT: u16 = 8080;

impl Program for NginxCurl {
    fn name(&self) -> &'static str {
        "nginx → curl"
    }

    fn promises(&self) -> &'static str {
        "no, no"
    }

    fn version(&self) -> Option<String> {
        Some(format!("{} → {}", version("nginx", &["-v"])?, version("curl", &["--version"])?))
    }

    fn seed(&self, arena: &Arena<'_>) -> anyhow::Result<Seeding> {
        let (home, at) = (arena.home(SEEDER), format!("{}:{PORT}", address(SEEDER)));
        let config = home.join("nginx.conf");
        let [dir, root, path] = texts([&home, arena.source(), &config])?;
        let temporary =
            ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {dir}/{kind};"));
        let text = format!(
            "daemon off; master_process off; user root; pid {dir}/pid; error_log stderr;\n\
             events {{}}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; {} server {{ listen {at}; root {root}; }} }}\n",
            temporary.join(" ")
        );
        std::fs::write(&config, text)?;
        let mut process = arena.start(SEEDER, &found("nginx")?, &["-p", dir, "-c", path])?;
        process.listens(PORT, arena.until)?;
        Ok(Seeding { process, at, _tracker: None })
    }

    fn fetch(&self, arena: &Arena<'_>, seeding: &Seeding) -> anyhow::Result<Fetching> {
        let file = arena.target();
        let name = arena.file.file_name().unwrap_or_default().to_string_lossy();
        let url = format!("http://{}/{name}", seeding.at);
        let process = arena.start(DOWNLOADER, &found("curl")?, &["-sS", "--fail", "-o", text(&file)?, &url])?;
        Ok(Fetching { process, done: Done::Ends, file })
    }
}
