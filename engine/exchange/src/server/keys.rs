//! Who may use the server: the key pair, and the ways in which a client can show it.

use axum::http::{HeaderMap, header};
use base64::Engine;
use std::fmt;
use uuid::Uuid;

/// The credentials of the one account. `Debug` does not print them.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// The key id.
    pub key: String,
    /// The secret of the pair.
    pub secret: String,
    /// A bearer token that is as good as the pair, if one is configured.
    pub token: Option<String>,
}

impl Keys {
    /// A pair that nobody knows yet: for an exchange inside a program, made anew at each start.
    pub fn generate() -> Self {
        let random = || Uuid::new_v4().simple().to_string().to_uppercase();
        Self { key: format!("PK{:.18}", random()), secret: random() + &random(), token: None }
    }

    /// Whether this is the pair, or the token under one of the names that stand for it.
    /// Source: Alpaca, "Streaming market data", authentication with OAuth.
    pub(super) fn accept(&self, key: &str, secret: &str) -> bool {
        match key {
            "oauth" | "access_token" => self.accept_token(secret),
            _ => key == self.key && secret == self.secret,
        }
    }

    pub(super) fn accept_token(&self, token: &str) -> bool {
        self.token.as_deref() == Some(token)
    }

    /// Whether the headers show the credentials; `None` when they show none at all.
    pub(super) fn accept_headers(&self, headers: &HeaderMap) -> Option<bool> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let pair = (text("apca-api-key-id"), text("apca-api-secret-key"));
        match (pair, text(header::AUTHORIZATION.as_str())) {
            ((None, None), None) => None,
            ((Some(key), Some(secret)), _) => Some(key == self.key && secret == self.secret),
            (_, Some(authorization)) => Some(self.accept_authorization(authorization)),
            _ => Some(false),
        }
    }

    fn accept_authorization(&self, value: &str) -> bool {
        let Some((scheme, credentials)) = value.split_once(' ') else {
            return false;
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            return self.accept_token(credentials.trim());
        }
        let decoded = base64::engine::general_purpose::STANDARD.decode(credentials.trim());
        let text = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        scheme.eq_ignore_ascii_case("basic")
            && text.is_some_and(|text| text == format!("{}:{}", self.key, self.secret))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Keys(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys { key: "PK1".into(), secret: "s3".into(), token: Some("t".into()) }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn headers_show_pair_bearer_or_basic() {
        let seen = |pairs: &[_]| keys().accept_headers(&headers(pairs));
        assert_eq!(seen(&[]), None);
        let pair = [("APCA-API-KEY-ID", "PK1"), ("Apca-Api-Secret-Key", "s3")];
        assert_eq!(seen(&pair), Some(true));
        assert_eq!(seen(&[("apca-api-key-id", "PK1")]), Some(false));
        assert_eq!(seen(&[("authorization", "Bearer t")]), Some(true));
        assert_eq!(seen(&[("authorization", "Bearer x")]), Some(false));
        assert_eq!(seen(&[("authorization", "Basic UEsxOnMz")]), Some(true));
        assert_eq!(seen(&[("authorization", "Basic ???")]), Some(false));
        assert_eq!(seen(&[("authorization", "Basic")]), Some(false));
    }

    #[test]
    fn generated_pairs_differ_and_are_not_printed() {
        let (one, two) = (Keys::generate(), Keys::generate());
        assert_ne!(one, two);
        assert!(one.key.starts_with("PK") && one.key.len() == 20);
        assert!(!format!("{one:?}").contains(&one.secret));
    }
}
