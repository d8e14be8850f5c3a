//! Key pairs and bearer tokens, in types that cannot print themselves.

use super::endpoints::EndpointError;
use super::oauth::{Bearer, OAuth, SharedBearer};
use super::wire::{Authenticate, AuthenticateToken, TokenData};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;

const KEY_ID: HeaderName = HeaderName::from_static("apca-api-key-id");
const SECRET: HeaderName = HeaderName::from_static("apca-api-secret-key");

/// A secret. It has no `Debug`, no `Display` and no `Serialize`, so nothing can print it:
///
/// ```compile_fail
/// println!("{:?}", runtime::alpaca::Secret::new("hidden"));
/// ```
///
/// ```compile_fail
/// println!("{}", runtime::alpaca::Secret::new("hidden"));
/// ```
///
/// ```compile_fail
/// serde_json::to_string(&runtime::alpaca::Secret::new("hidden")).unwrap();
/// ```
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes a secret in.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the places that hand it to the broker and nowhere else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a text can be a secret that a header carries.
    pub(super) fn usable(text: &str) -> bool {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
    }
}

/// What an account is opened with: a key pair, or a bearer token. Cannot print itself either, since
/// it holds a [`Secret`]:
///
/// ```compile_fail
/// fn print(credentials: &runtime::alpaca::Credentials) {
///     println!("{credentials:?}");
/// }
/// ```
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Keys { key_id: Box<str>, secret: Secret },
    Bearer(SharedBearer),
}

/// Which token a request carried, so that it is known which was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorised(u64);

/// Why a key pair or a token cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// One of the two is set.
    #[error(
        "{set} is set and {missing} is not: set both, or neither to trade on the embedded exchange"
    )]
    OneOfTwo {
        /// The variable that is set.
        set: &'static str,
        /// The variable that is not.
        missing: &'static str,
    },
    /// A value holds characters that no key has and no HTTP header may carry.
    #[error(
        "{variable} holds a character that no key has: copy it again, without quotes or line ends"
    )]
    Malformed {
        /// The variable.
        variable: &'static str,
    },
    /// Where tokens are renewed is no address for secrets.
    #[error(transparent)]
    TokenUrl(#[from] EndpointError),
}

/// Alpaca's name for the environment variable of the key id.
pub const KEY_ID_VARIABLE: &str = "APCA_API_KEY_ID";
/// Alpaca's name for the environment variable of the secret.
pub const SECRET_VARIABLE: &str = "APCA_API_SECRET_KEY";
/// Alpaca's name for the environment variable of a bearer token.
pub const OAUTH_VARIABLE: &str = "APCA_API_OAUTH_TOKEN";

impl Credentials {
    /// A key pair.
    ///
    /// # Errors
    /// When either holds a character that no key has.
    pub fn new(key_id: &str, secret: &str) -> Result<Self, CredentialsError> {
        check(KEY_ID_VARIABLE, key_id)?;
        check(SECRET_VARIABLE, secret)?;
        Ok(Self(Kind::Keys { key_id: key_id.into(), secret: Secret::new(secret) }))
    }

    /// A bearer token.
    ///
    /// # Errors
    /// When it holds a character that no token has, or would be renewed over an open connection.
    pub fn bearer(oauth: OAuth) -> Result<Self, CredentialsError> {
        check(OAUTH_VARIABLE, oauth.access_token.expose())?;
        Ok(Self(Kind::Bearer(Arc::new(Bearer::new(oauth)?))))
    }

    /// The key pair out of the values of `APCA_API_KEY_ID` and `APCA_API_SECRET_KEY`; `None` when
    /// neither is set. An empty value counts as not set.
    ///
    /// # Errors
    /// When one of the two is set, or a value is malformed.
    pub fn from_values(
        key_id: Option<&str>,
        secret: Option<&str>,
    ) -> Result<Option<Self>, CredentialsError> {
        match (present(key_id), present(secret)) {
            (Some(key_id), Some(secret)) => Self::new(key_id, secret).map(Some),
            (None, None) => Ok(None),
            (Some(_), None) => {
                Err(CredentialsError::OneOfTwo { set: KEY_ID_VARIABLE, missing: SECRET_VARIABLE })
            }
            (None, Some(_)) => {
                Err(CredentialsError::OneOfTwo { set: SECRET_VARIABLE, missing: KEY_ID_VARIABLE })
            }
        }
    }

    /// The key id, which is no secret but is not printed in full either: its first four
    /// characters tell paper (`PK…`) from live (`AK…`). Of a token nothing is shown.
    pub fn hint(&self) -> String {
        match &self.0 {
            Kind::Keys { key_id, .. } => {
                let shown: String = key_id.chars().take(4).collect();
                format!("{shown}…")
            }
            Kind::Bearer(_) => "an OAuth token".into(),
        }
    }

    /// The headers that a request carries. A token that is about to end is renewed before.
    pub(super) async fn headers(&self) -> (HeaderMap, Authorised) {
        match &self.0 {
            Kind::Keys { key_id, secret } => {
                let pairs = [(KEY_ID, &**key_id), (SECRET, secret.expose())];
                (sensitive(pairs), Authorised(0))
            }
            Kind::Bearer(bearer) => {
                bearer.keep_fresh().await;
                let (token, generation) = bearer.token();
                let value = format!("Bearer {}", token.expose());
                (sensitive([(AUTHORIZATION, value.as_str())]), Authorised(generation))
            }
        }
    }

    /// What is carried now, before a connection that will carry it.
    pub(super) fn authorised(&self) -> Authorised {
        match &self.0 {
            Kind::Keys { .. } => Authorised(0),
            Kind::Bearer(bearer) => Authorised(bearer.token().1),
        }
    }

    /// Whether there is something else to try after this was refused: a token can be renewed, a
    /// key pair cannot.
    pub(super) async fn renew(&self, refused: Authorised) -> bool {
        match &self.0 {
            Kind::Keys { .. } => false,
            Kind::Bearer(bearer) => bearer.renew(refused.0).await,
        }
    }

    /// The message that opens the data stream.
    pub(super) fn open_data(&self) -> Result<String, serde_json::Error> {
        match &self.0 {
            Kind::Keys { key_id, secret } => open(key_id, secret),
            Kind::Bearer(bearer) => open("oauth", &bearer.token().0),
        }
    }

    /// The message that opens the order stream.
    pub(super) fn open_orders(&self) -> Result<String, serde_json::Error> {
        match &self.0 {
            Kind::Keys { key_id, secret } => open(key_id, secret),
            Kind::Bearer(bearer) => {
                let (token, _) = bearer.token();
                let data = TokenData { oauth_token: token.expose() };
                serde_json::to_string(&AuthenticateToken { action: "authenticate", data })
            }
        }
    }

    /// Takes every secret out of the words of a server that repeats what it was sent.
    pub(super) fn hide_in(&self, text: &mut String) {
        let secret = match &self.0 {
            Kind::Keys { secret, .. } => secret.clone(),
            Kind::Bearer(bearer) => bearer.token().0,
        };
        if text.contains(secret.expose()) {
            *text = text.replace(secret.expose(), "…");
        }
    }
}

fn open(key: &str, secret: &Secret) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Authenticate { action: "auth", key, secret: secret.expose() })
}

fn sensitive<const N: usize>(pairs: [(HeaderName, &str); N]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        // Secrets are checked to be printable ASCII when they are taken in.
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }
    headers
}

fn present(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|text| !text.is_empty())
}

fn check(variable: &'static str, value: &str) -> Result<(), CredentialsError> {
    if Secret::usable(value) { Ok(()) } else { Err(CredentialsError::Malformed { variable }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conformance 3.
    #[test]
    fn both_values_make_a_pair_neither_makes_none_and_one_is_an_error() {
        let pair = Credentials::from_values(Some("PK1"), Some(" s3cret\n")).unwrap().unwrap();
        let opening = r#"{"action":"auth","key":"PK1","secret":"s3cret"}"#;
        assert_eq!(pair.open_data().unwrap(), opening);
        assert_eq!(pair.open_orders().unwrap(), opening);
        for (key, secret) in [(None, None), (Some(""), None), (Some(" "), Some(""))] {
            assert!(Credentials::from_values(key, secret).unwrap().is_none());
        }
        let lonely = Credentials::from_values(Some("PK1"), None).err().unwrap();
        assert_eq!(
            lonely.to_string(),
            "APCA_API_KEY_ID is set and APCA_API_SECRET_KEY is not: set both, or neither to trade \
             on the embedded exchange"
        );
        let lonely = Credentials::from_values(Some(""), Some("s3cret")).err().unwrap();
        assert!(matches!(lonely, CredentialsError::OneOfTwo { set: SECRET_VARIABLE, .. }));
    }

    /// Conformance 4.
    #[test]
    fn errors_and_hints_do_not_show_the_values() {
        let error = Credentials::new("PK1", "s3cret\u{7f}").err().unwrap();
        assert!(!error.to_string().contains("s3cret"));
        let hint = Credentials::new("PKABCDEFGH", "s3cret").unwrap().hint();
        assert_eq!(hint, "PKAB…");
    }

    /// Conformance 4.
    #[tokio::test]
    async fn what_is_carried_is_marked_as_not_to_be_printed() {
        let keys = Credentials::new("PKTEST", "s3cret").unwrap();
        let oauth = OAuth { access_token: Secret::new("t0ken"), refresh: None };
        for credentials in [keys, Credentials::bearer(oauth).unwrap()] {
            let printed = format!("{:?}", credentials.headers().await);
            let secrets = ["PKTEST", "s3cret", "t0ken"];
            assert!(!secrets.iter().any(|secret| printed.contains(secret)), "{printed}");
            let mut said = "s3cret and t0ken".to_owned();
            credentials.hide_in(&mut said);
            assert!(said.contains('…'), "{said}");
        }
    }
}
