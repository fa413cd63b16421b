//! Names of a tracker, as peers sign them: host and port of the URL that they dial, both always written.

use url::Url;

/// Finds what keeps a name from ever being what a peer signs, which would have the tracker refuse every REGISTER.
pub(super) fn problem(name: &str) -> Option<String> {
    const WANTED: &str = "write host and port and nothing else, such as \"tracker.example.org:443\"";
    if name.contains(['/', '\\', '?', '#', '@']) || name.contains(char::is_whitespace) {
        return Some(format!("has {name:?}, which is more than a name; {WANTED}"));
    }
    let Some((_, port)) = name.rsplit_once(':').filter(|_| !name.ends_with(']')) else {
        return Some(format!("has {name:?}, which has no port, and peers sign the port too, also 443 or 80; {WANTED}"));
    };
    let Some(port) = port.parse::<u16>().ok().filter(|port| *port != 0) else {
        return Some(format!("has {name:?}, whose port is none from 1 to 65535; {WANTED}"));
    };
    let url = Url::parse(&format!("http://{name}/")).ok();
    let Some(host) = url.as_ref().and_then(Url::host_str) else {
        return Some(format!("has {name:?}, which is no host with a port; {WANTED}"));
    };
    let dialled = format!("{host}:{port}");
    (!dialled.eq_ignore_ascii_case(name)).then(|| format!("has {name:?}, which peers sign as {dialled:?}; write that"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_peers_sign() {
        for name in ["tracker.example.org:443", "Tracker.Example:80", "10.0.0.1:5000", "[::1]:5000", "localhost:1"] {
            assert_eq!(problem(name), None);
        }
        for (name, says) in [
            ("tracker.example.org", "no port"),
            ("[2001:db8::1]", "no port"),
            ("", "no port"),
            ("https://tracker.example.org", "more than a name"),
            ("tracker.example.org:443/", "more than a name"),
            ("user:password@tracker.example.org:443", "more than a name"),
            ("tracker.example.org:443?a", "more than a name"),
            ("tracker.example.org:443#a", "more than a name"),
            ("two names:1", "more than a name"),
            ("x:99999", "65535"),
            ("x:0", "65535"),
            ("x:", "65535"),
            (":443", "no host"),
            ("2001:db8::1:5000", "no host"),
            ("räuber.example:443", "\"xn--ruber-gra.example:443\""),
            ("x:0443", "\"x:443\""),
            ("[::0:1]:443", "\"[::1]:443\""),
        ] {
            let problem = problem(name).unwrap_or_default();
            assert!(problem.contains(says), "{name}: {problem}");
        }
    }
}
