//! The tracker addresses that people type.

use url::Url;

/// The address that the text means: `http://` may be left out. `None` if it is none.
pub fn parse(text: &str) -> Option<Url> {
    sprat_peer::tracker_url(text.trim())
}

/// All the addresses in a text that has spaces or commas between them; what is none is left out.
pub fn parse_list(text: &str) -> Vec<Url> {
    text.split([',', ' ', '\t', '\n']).filter(|part| !part.is_empty()).filter_map(parse).collect()
}

/// Host and port, as a person would say it.
pub fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The address as it is shown: without the slash at its end.
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
