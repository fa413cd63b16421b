//! Addresses of trackers, as people type and read them.

use url::Url;

use super::engine::tracker_url;

/// Reads the address of a tracker, of which `http://` may be left out.
pub fn parse(text: &str) -> Option<Url> {
    tracker_url(text.trim())
}

/// Reads all addresses in a text, which has spaces or commas between them. Words that are no address are left out.
pub fn parse_list(text: &str) -> Vec<Url> {
    text.split([',', ' ', '\t', '\n']).filter(|part| !part.is_empty()).filter_map(parse).collect()
}

/// Host and port of a tracker, as a person would say them.
pub fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Address of a tracker as it is shown: without the slash at its end.
pub fn shown(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_may_be_left_out() {
        for text in ["localhost:5000", " http://localhost:5000/ ", "http://localhost:5000"] {
            let url = parse(text).unwrap();
            assert_eq!((shown(&url), host(&url).as_str()), ("http://localhost:5000", "localhost:5000"));
        }
        assert_eq!(host(&parse("https://hub.example").unwrap()), "hub.example");
        assert_eq!(shown(&parse("[::1]:5000").unwrap()), "http://[::1]:5000");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "   ", "ftp://hub", "http://", "a b", "file:///etc", "host:99999"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert_eq!(parse_list("a:1, b:2\tftp://c").len(), 2);
    }
}
