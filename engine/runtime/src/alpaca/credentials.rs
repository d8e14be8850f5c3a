//! The key pair, in a type that cannot print itself.

use super::wire::Authenticate;

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
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// The key pair of an account. Cannot print itself either, since it holds a [`Secret`]:
///
/// ```compile_fail
/// fn print(credentials: &runtime::alpaca::Credentials) {
///     println!("{credentials:?}");
/// }
/// ```
#[derive(Clone)]
pub struct Credentials {
    key_id: Box<str>,
    secret: Secret,
}

/// Why a key pair cannot be used.
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
}

/// Alpaca's name for the environment variable of the key id.
pub const KEY_ID_VARIABLE: &str = "APCA_API_KEY_ID";
/// Alpaca's name for the environment variable of the secret.
pub const SECRET_VARIABLE: &str = "APCA_API_SECRET_KEY";

impl Credentials {
    /// A key pair.
    ///
    /// # Errors
    /// When either holds a character that no key has.
    pub fn new(key_id: &str, secret: &str) -> Result<Self, CredentialsError> {
        check(KEY_ID_VARIABLE, key_id)?;
        check(SECRET_VARIABLE, secret)?;
        Ok(Self { key_id: key_id.into(), secret: Secret::new(secret) })
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
    /// characters tell paper (`PK…`) from live (`AK…`).
    pub fn hint(&self) -> String {
        let shown: String = self.key_id.chars().take(4).collect();
        format!("{shown}…")
    }

    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    pub(super) fn secret(&self) -> &str {
        self.secret.expose()
    }

    /// The message that opens both kinds of stream.
    pub(super) fn authenticate(&self) -> Authenticate<'_> {
        Authenticate { action: "auth", key: &self.key_id, secret: self.secret.expose() }
    }
}

fn present(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|text| !text.is_empty())
}

fn check(variable: &'static str, value: &str) -> Result<(), CredentialsError> {
    let usable = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
    if usable { Ok(()) } else { Err(CredentialsError::Malformed { variable }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conformance 3.
    #[test]
    fn both_values_make_a_pair_neither_makes_none_and_one_is_an_error() {
        let pair = Credentials::from_values(Some("PK1"), Some(" s3cret\n")).unwrap().unwrap();
        assert_eq!((pair.key_id(), pair.secret()), ("PK1", "s3cret"));
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
}
