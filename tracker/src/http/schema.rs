//! Bounds and forms in the description of the messages: what the types of the code do not say by themselves.

use serde_json::{Map, Value, json};
use sprat_chunking::ChunkSize;
use sprat_protocol::tracker::{
    MAX_ADDRESSES, MAX_CLOCK_SKEW, MAX_NAME_LEN, MAX_QUERY_FILES, MAX_QUERY_PEERS, MAX_REGISTER_FILES,
    MAX_SEARCH_WORDS_LEN, SEARCH_PAGE_LEN, SIGNATURE_HEADER,
};

use crate::access::blocks::MAX_REASON_LEN;
use crate::access::tokens;
use crate::catalogue::LAST_PAGE;

/// Upper bounds of the bodies of requests, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimits {
    /// Those of a REGISTER, a HEARTBEAT or an UNREGISTER.
    pub(super) batch: usize,
    /// Those of all other messages.
    pub(super) other: usize,
}

/// Adds the bounds and forms to a description.
pub(super) fn refine(api: &mut Value, limits: BodyLimits) {
    if let Some(schemas) = api.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        for (name, schema) in schemas {
            let (is_message, name) = name.strip_prefix("Typed_").map_or((false, name.as_str()), |name| (true, name));
            schema_of(name, schema);
            if is_message {
                set_type(schema, name);
            }
        }
    }
    if let Some(components) = api.pointer_mut("/components").and_then(Value::as_object_mut) {
        let text = "A token of the network, made with `sprat-tracker token create`";
        components.insert(
            "securitySchemes".to_owned(),
            json!({ "token": { "type": "http", "scheme": "bearer", "description": text } }),
        );
    }
    if let Some(paths) = api.pointer_mut("/paths").and_then(Value::as_object_mut) {
        for (path, item) in paths {
            for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
                describe(path, operation, limits);
            }
        }
    }
    walk(api);
}

/// Text that each of these references in the comments of the code stands for.
fn meanings() -> [(&'static str, String); 8] {
    [
        ("MAX_ADDRESSES", MAX_ADDRESSES.to_string()),
        ("MAX_REGISTER_FILES", MAX_REGISTER_FILES.to_string()),
        ("MAX_QUERY_FILES", MAX_QUERY_FILES.to_string()),
        ("MAX_QUERY_PEERS", MAX_QUERY_PEERS.to_string()),
        ("MAX_NAME_LEN", MAX_NAME_LEN.to_string()),
        ("MAX_SEARCH_WORDS_LEN", MAX_SEARCH_WORDS_LEN.to_string()),
        ("SEARCH_PAGE_LEN", SEARCH_PAGE_LEN.to_string()),
        ("MAX_CLOCK_SKEW", format!("{MAX_CLOCK_SKEW} seconds")),
    ]
}

/// Mends what is wrong everywhere: whole numbers from 0 up that are said to be signed, and references into the code.
fn walk(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is_u32 = fields.get("format") == Some(&json!("int32")) && fields.get("minimum") == Some(&json!(0));
            if is_u32 {
                fields.insert("format".to_owned(), json!("int64"));
                fields.entry("maximum").or_insert(json!(u32::MAX));
            }
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == "description" || key == "summary" => *text = without_references(text),
                    _ => walk(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(walk),
        _ => {}
    }
}

/// Writes ``[`Name`](path)`` as what it means, or as the name.
fn without_references(text: &str) -> String {
    let mut parts = text.split("[`");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("`]").unwrap_or((part, ""));
        let rest = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(rest, |(_, rest)| rest);
        let name = name.rsplit("::").next().unwrap_or(name);
        match meanings().into_iter().find(|(constant, _)| *constant == name) {
            Some((_, meaning)) => result.push_str(&meaning),
            None if name == "SIGNATURE_HEADER" => result.push_str(SIGNATURE_HEADER),
            None => result.push_str(name),
        }
        result.push_str(rest);
    }
    result
}

/// Adds to every object in the schema of this name what is known of its properties.
fn schema_of(name: &str, schema: &mut Value) {
    match name {
        "Nonce" | "LeaseToken" => return add(schema, json!({ "pattern": "^[0-9a-f]{32}$" })),
        "PeerId" => return add(schema, json!({ "pattern": "^[a-z2-7]{52}$" })),
        _ => {}
    }
    for part in ["allOf", "oneOf"] {
        schema.get_mut(part).and_then(Value::as_array_mut).into_iter().flatten().for_each(|part| schema_of(name, part));
    }
    for (property, schema) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        if let Some(known) = known(name, property) {
            add(schema, known);
        }
        if property == "file_id" {
            add(schema, file_id());
        }
        if ["file_ids", "unknown", "unavailable", "completed"].contains(&property.as_str())
            && let Some(items) = schema.get_mut("items")
        {
            add(items, file_id());
        }
    }
}

fn file_id() -> Value {
    json!({ "pattern": "^[0-9a-f]{64}$" })
}

/// Bounds of a property of a schema.
fn known(schema: &str, property: &str) -> Option<Value> {
    Some(match (schema, property) {
        ("Register", "port") => json!({ "minimum": 1, "maximum": u16::MAX, "format": "int32" }),
        ("Register", "addresses") => json!({ "maxItems": MAX_ADDRESSES }),
        ("Register", "files") | ("Registered", "files") => json!({ "maxItems": MAX_REGISTER_FILES }),
        ("Register", "tracker") => json!({
            "pattern": "^[^/?#@\\s]+:[0-9]{1,5}$",
            "examples": ["tracker.example.org:443"],
            "description": "The tracker that this is for: host and port of its URL as the peer dials it, the port always written. A \
                            tracker that has names refuses any other.",
        }),
        ("RegisterFile", "name") => json!({ "minLength": 1, "maxLength": MAX_NAME_LEN }),
        (_, "chunk_size") => json!({ "minimum": ChunkSize::MIN.bytes(), "maximum": ChunkSize::MAX.bytes() }),
        ("Query", "file_ids") | ("QueryAnswer", "files" | "unknown" | "unavailable") => {
            json!({ "maxItems": MAX_QUERY_FILES })
        }
        ("Query", "max_peers") => json!({ "maximum": MAX_QUERY_PEERS }),
        ("FileInfo", "peers") => json!({ "maxItems": MAX_QUERY_PEERS }),
        ("Heartbeat", "completed") | ("Unregister", "file_ids") => json!({ "maxItems": MAX_REGISTER_FILES }),
        ("Search", "words") => json!({ "maxLength": MAX_SEARCH_WORDS_LEN }),
        ("Search", "page") => page(),
        ("SearchAnswer", "files") => json!({ "maxItems": SEARCH_PAGE_LEN }),
        ("NewToken" | "TokenInfo", "name") => json!({ "minLength": 1, "maxLength": tokens::MAX_NAME_LEN }),
        ("Why" | "Takedown" | "Note", "reason") => json!({ "maxLength": MAX_REASON_LEN }),
        _ => return None,
    })
}

fn page() -> Value {
    let results = (LAST_PAGE as usize + 1) * SEARCH_PAGE_LEN;
    let text = format!("Page of {SEARCH_PAGE_LEN} files, counted from 0; there are {results} results at most.");
    json!({ "maximum": LAST_PAGE, "description": text })
}

/// Says which `type` a message has.
fn set_type(schema: &mut Value, name: &str) {
    let mut message = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !message.is_empty() {
            message.push('_');
        }
        message.push(letter.to_ascii_uppercase());
    }
    let parts = schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten();
    for kind in parts.filter_map(|part| part.pointer_mut("/properties/type")) {
        add(kind, json!({ "enum": [message] }));
    }
}

/// Adds to an operation who may use it, the length of its body, and the forms of its parameters.
fn describe(path: &str, operation: &mut Value, limits: BodyLimits) {
    let security = match path {
        "/healthz" | "/readyz" => json!([]),
        path if path.starts_with("/v1/admin/") => json!([{ "token": [] }]),
        // Without a token too, unless the network is private.
        _ => json!([{}, { "token": [] }]),
    };
    add(operation, json!({ "security": security }));
    let len = match path {
        "/v1/register" | "/v1/heartbeat" | "/v1/unregister" => limits.batch,
        _ => limits.other,
    };
    if let Some(body) = operation.get_mut("requestBody") {
        add(body, json!({ "description": format!("At most {len} bytes.") }));
    }
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let form = match parameter.get("name").and_then(Value::as_str) {
            Some("sprat-signature") => json!({ "pattern": "^[0-9a-f]{128}$" }),
            Some("file_id") => file_id(),
            Some("q") => json!({ "maxLength": MAX_SEARCH_WORDS_LEN }),
            Some("page") => json!({ "maximum": LAST_PAGE }),
            Some("kind") => json!({ "enum": ["peers", "addresses", "files"] }),
            _ => continue,
        };
        if let Some(schema) = parameter.get_mut("schema") {
            add(schema, form);
        }
    }
}

/// Adds these fields to an object.
fn add(object: &mut Value, fields: Value) {
    if let (Value::Object(object), Value::Object(fields)) = (object, fields) {
        object.extend(fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_into_the_code_are_written_as_what_they_mean() {
        for (text, expected) in [
            ("at most [`MAX_ADDRESSES`]: those", "at most 8: those"),
            ("give or take\n[`MAX_CLOCK_SKEW`](super::MAX_CLOCK_SKEW).", "give or take\n300 seconds."),
            ("with [`ErrorCode::WrongTime`].", "with WrongTime."),
            ("to a [`Search`] (page)", "to a Search (page)"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(without_references(text), expected);
        }
    }
}
