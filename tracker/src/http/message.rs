//! Reading of a message from a body.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sprat_protocol::tracker::{Heartbeat, Query, Register, Search, Unregister};

use crate::model::shown::shown;
use crate::service::refusal::Refusal;

/// A message that has a route of its own.
pub(super) trait Message: DeserializeOwned {
    /// Value of its `type`.
    const TYPE: &str;
    /// Route that it is sent to.
    const ROUTE: &str;

    /// Reads a body that came over the route of this message. The route already tells which message it is, so the body is
    /// read as that one at once, and not first as any of them.
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        let malformed = |error| Refusal::Malformed(format!("the body is no message: {error}"));
        let Typed { r#type } = serde_json::from_slice(body).map_err(malformed)?;
        if r#type == Self::TYPE {
            return serde_json::from_slice(body).map_err(malformed);
        }
        Err(Refusal::Malformed(match route_of(&r#type) {
            Some(route) => format!("this message belongs to {route}, not to {}", Self::ROUTE),
            None => format!("there is no message of the type {:?}", shown(&r#type)),
        }))
    }
}

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
}

macro_rules! messages {
    ($($message:ident $name:literal $route:literal),+) => {
        $(impl Message for $message {
            const TYPE: &str = $name;
            const ROUTE: &str = $route;
        })+

        fn route_of(name: &str) -> Option<&'static str> {
            match name {
                $($name => Some($route),)+
                _ => None,
            }
        }
    };
}

messages! {
    Register "REGISTER" "/v1/register",
    Query "QUERY" "/v1/query",
    Heartbeat "HEARTBEAT" "/v1/heartbeat",
    Unregister "UNREGISTER" "/v1/unregister",
    Search "SEARCH" "/v1/search"
}
