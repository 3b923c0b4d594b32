//! Straightens the replies of real services before the `oauth2` crate parses them.
//!
//! Seen in the field: `expires_in` as a string (Live Connect), error bodies under status 200, 401 with an HTML
//! page instead of `invalid_client` (Prosody), `authorization_declined` for `access_denied` (Microsoft), scopes
//! as a list, 201 for a token, JSON under another content type, a missing `token_type`.

use oauth2::HttpResponse;
use oauth2::http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::{Map, Value};

/// Ten years: a longer lifetime is a slip of the service.
pub(super) const LONGEST_LIFE: u64 = 10 * 366 * 24 * 3600;
/// The slowest pace that a service may ask for, in seconds.
const SLOWEST: u64 = 300;

/// The same reply in the shape that the RFCs describe. A reply that makes no sense is left as it is, for the
/// parser to refuse.
pub fn smooth(mut reply: HttpResponse) -> HttpResponse {
    let status = reply.status();
    let Some(mut object) = object_of(reply.body()) else {
        if status == StatusCode::UNAUTHORIZED {
            return answer(StatusCode::BAD_REQUEST, &Value::from(Map::from_iter([error("invalid_client")])));
        }
        // Without JSON there is nothing to read, whatever the status says.
        *reply.body_mut() = b"?".to_vec();
        return reply;
    };
    if let Some(Value::String(code)) = object.get("error") {
        let code = if code == "authorization_declined" { "access_denied" } else { code.as_str() };
        let mut told = Map::from_iter([error(code)]);
        // Which scope it is stands in the words alone.
        if let Some(Value::String(words)) = object.get("error_description").filter(|_| code == "invalid_scope") {
            told.insert("error_description".to_owned(), Value::from(words.as_str()));
        }
        return answer(StatusCode::BAD_REQUEST, &Value::from(told));
    }
    if status == StatusCode::UNAUTHORIZED {
        return answer(StatusCode::BAD_REQUEST, &Value::from(Map::from_iter([error("invalid_client")])));
    }
    if !status.is_success() || object.contains_key("error") {
        *reply.body_mut() = b"?".to_vec();
        return reply;
    }
    straighten(&mut object);
    answer(StatusCode::OK, &Value::from(object))
}

/// True for replies that say "later": 5xx, 429, and the error codes of the same meaning.
pub fn is_busy(reply: &HttpResponse) -> bool {
    let later = matches!(error_code(reply).as_deref(), Some("server_error" | "temporarily_unavailable"));
    later || reply.status().is_server_error() || reply.status() == StatusCode::TOO_MANY_REQUESTS
}

/// The error code in a reply, if it is one.
pub fn error_code(reply: &HttpResponse) -> Option<String> {
    match object_of(reply.body())?.remove("error")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// A JSON reply made by us.
pub fn answer(status: StatusCode, value: &Value) -> HttpResponse {
    let mut reply = HttpResponse::new(value.to_string().into_bytes());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

/// The `error` member of a reply.
pub fn error(code: &str) -> (String, Value) {
    ("error".to_owned(), Value::from(code))
}

/// The JSON object in a body; a byte order mark is forgiven.
pub fn object_of(body: &[u8]) -> Option<Map<String, Value>> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn straighten(object: &mut Map<String, Value>) {
    object.retain(|_, value| !value.is_null());
    number(object, "expires_in", 0, LONGEST_LIFE);
    number(object, "interval", 1, SLOWEST);
    if object.contains_key("access_token") {
        object.entry("token_type").or_insert_with(|| Value::from("Bearer"));
    }
    if object.contains_key("device_code") {
        // Required by RFC 8628 section 3.2; fifteen minutes is the custom.
        object.entry("expires_in").or_insert_with(|| Value::from(900_u64));
    }
    if object.get("refresh_token").is_some_and(|value| value.as_str().is_none_or(str::is_empty)) {
        object.remove("refresh_token");
    }
    let scopes = object.get("scope").and_then(Value::as_array).map(|list| {
        let words: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        Value::from(words.join(" "))
    });
    if let Some(joined) = scopes {
        object.insert("scope".to_owned(), joined);
    }
    if object.get("scope").is_some_and(|value| !value.is_string()) {
        object.remove("scope");
    }
}

/// Makes a whole number in `least..=most` of a number or its text; anything else is dropped.
fn number(object: &mut Map<String, Value>, key: &str, least: u64, most: u64) {
    let Some(value) = object.remove(key) else { return };
    let read = match &value {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().and_then(whole)),
        // ejabberd's API says "3600 seconds".
        Value::String(text) => text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok()).and_then(whole),
        _ => None,
    };
    if let Some(number) = read {
        object.insert(key.to_owned(), Value::from(number.clamp(least, most)));
    }
}

fn whole(number: f64) -> Option<u64> {
    #[allow(clippy::cast_sign_loss, reason = "negative numbers become 0 first; the cast saturates")]
    number.is_finite().then(|| number.max(0.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smoothed(status: u16, body: &str) -> (u16, String) {
        let mut reply = HttpResponse::new(body.as_bytes().to_vec());
        *reply.status_mut() = StatusCode::from_u16(status).unwrap();
        let reply = smooth(reply);
        (reply.status().as_u16(), String::from_utf8(reply.body().clone()).unwrap())
    }

    #[test]
    fn errors_are_errors_under_any_status() {
        for status in [200, 400, 403, 428, 500] {
            let (code, body) = smoothed(status, r#"{"error":"slow_down","error_description":"\u001b[2J"}"#);
            assert_eq!((code, body.as_str()), (400, r#"{"error":"slow_down"}"#));
        }
        assert_eq!(smoothed(400, r#"{"error":"authorization_declined"}"#).1, r#"{"error":"access_denied"}"#);
    }

    #[test]
    fn an_html_401_is_an_unknown_client() {
        assert_eq!(smoothed(401, "<html>no</html>"), (400, r#"{"error":"invalid_client"}"#.to_owned()));
        assert_eq!(smoothed(401, "{}"), (400, r#"{"error":"invalid_client"}"#.to_owned()));
    }

    #[test]
    fn other_pages_stay_unreadable() {
        for (status, body) in [(200, "<html>hi</html>"), (404, "{}"), (200, "[1]"), (200, ""), (200, r#"{"error":{}}"#)]
        {
            assert_eq!(smoothed(status, body).1, "?", "{body}");
        }
    }

    #[test]
    fn numbers_come_in_every_dress() {
        for (sent, kept) in [
            ("3600", "3600"),
            ("\"3600\"", "3600"),
            ("\"3600 seconds\"", "3600"),
            ("3600.9", "3600"),
            ("-5", "0"),
            ("1e300", "316224000"),
            ("\" 60 \"", "60"),
        ] {
            let body = smoothed(200, &format!(r#"{{"expires_in":{sent}}}"#)).1;
            assert_eq!(body, format!(r#"{{"expires_in":{kept}}}"#), "{sent}");
        }
        for sent in ["null", "\"soon\"", "[]", "{}", "true", "\"NaN\""] {
            assert_eq!(smoothed(200, &format!(r#"{{"expires_in":{sent}}}"#)).1, "{}", "{sent}");
        }
        assert_eq!(smoothed(200, r#"{"interval":0}"#).1, r#"{"interval":1}"#);
    }
}
