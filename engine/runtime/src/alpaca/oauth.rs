//! OAuth bearer tokens: one in use, and how to get the next.
//!
//! What an authorisation server answers is read as RFC 6749 says (sections 5.1 and 6). None of this
//! was tried against Alpaca itself.

use super::credentials::Secret;
use super::endpoints::{EndpointError, check_token_url};
use super::rest::encoded;
use super::wire::TokenWire;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::time::Instant;

/// A token is renewed so long before it ends, so that no order meets its end.
const AHEAD: Duration = Duration::from_secs(60);
/// How long an authorisation server may take.
const ANSWER: Duration = Duration::from_secs(10);

/// A bearer token, and how to get the next one where that is known.
#[derive(Clone)]
pub struct OAuth {
    /// The token that requests carry.
    pub access_token: Secret,
    /// Without it a token that has ended ends the session.
    pub refresh: Option<Refresh>,
}

/// What an authorisation server wants for a new token.
#[derive(Clone)]
pub struct Refresh {
    /// Where it is asked: https, or this machine.
    pub token_url: String,
    /// The application.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: Secret,
    /// The grant. The server may give another with each token.
    pub refresh_token: Secret,
}

/// The token in use. Whoever found it refused asks for another; many may find so at once, and one
/// request is made for all of them.
pub(super) struct Bearer {
    current: RwLock<Current>,
    refresh: Option<Refresh>,
    renewing: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Current {
    token: Secret,
    refresh_token: Option<Secret>,
    /// Counts the tokens.
    generation: u64,
    ends: Option<Instant>,
}

impl Bearer {
    pub fn new(oauth: OAuth) -> Result<Self, EndpointError> {
        if let Some(refresh) = &oauth.refresh {
            check_token_url(&refresh.token_url)?;
        }
        let refresh_token = oauth.refresh.as_ref().map(|refresh| refresh.refresh_token.clone());
        let token = oauth.access_token;
        Ok(Self {
            current: RwLock::new(Current { token, refresh_token, generation: 0, ends: None }),
            refresh: oauth.refresh,
            renewing: tokio::sync::Mutex::new(()),
        })
    }

    /// The token, and which it is.
    pub fn token(&self) -> (Secret, u64) {
        let current = self.current();
        (current.token, current.generation)
    }

    /// Renews a token that is about to end.
    pub async fn keep_fresh(&self) {
        let current = self.current();
        if current.ends.is_some_and(|ends| Instant::now() + AHEAD >= ends) {
            self.renew(current.generation).await;
        }
    }

    /// Gets another token in place of one that was refused. `false` when none can be had.
    pub async fn renew(&self, refused: u64) -> bool {
        let _turn = self.renewing.lock().await;
        let current = self.current();
        if current.generation != refused {
            return true;
        }
        let Some((refresh, grant)) = self.refresh.as_ref().zip(current.refresh_token.as_ref())
        else {
            return false;
        };
        match ask(refresh, grant).await {
            Ok(answer) => {
                tracing::info!("the bearer token was renewed");
                let next = Current {
                    token: answer.token,
                    refresh_token: answer.refresh_token.or(current.refresh_token),
                    generation: refused + 1,
                    ends: answer.lasts.map(|lasts| Instant::now() + lasts),
                };
                *self.current.write().unwrap_or_else(|broken| broken.into_inner()) = next;
                true
            }
            Err(reason) => {
                tracing::error!("the bearer token cannot be renewed: {reason}");
                false
            }
        }
    }

    fn current(&self) -> Current {
        self.current.read().unwrap_or_else(|broken| broken.into_inner()).clone()
    }
}

struct Answer {
    token: Secret,
    refresh_token: Option<Secret>,
    lasts: Option<Duration>,
}

/// Asks for a token. The error names no secret: of what the server says only the status is told.
async fn ask(refresh: &Refresh, grant: &Secret) -> Result<Answer, String> {
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", grant.expose()),
        ("client_id", &refresh.client_id),
        ("client_secret", refresh.client_secret.expose()),
    ];
    let fields = fields.map(|(name, value)| format!("{name}={}", encoded(value)));
    super::tls::install();
    let http = reqwest::Client::builder()
        .timeout(ANSWER)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .build()
        .map_err(|error| error.to_string())?;
    let request = http
        .post(&refresh.token_url)
        .header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(fields.join("&"));
    let answer = request.send().await.map_err(|error| error.without_url().to_string())?;
    let status = answer.status();
    if !status.is_success() {
        return Err(format!("the authorisation server answered {status}"));
    }
    let body = answer.bytes().await.map_err(|error| error.without_url().to_string())?;
    read(&body).ok_or_else(|| "the authorisation server's answer brings no token".into())
}

fn read(body: &[u8]) -> Option<Answer> {
    let wire: TokenWire<'_> = serde_json::from_slice(body).ok()?;
    let secret = |text: &str| Secret::usable(text).then(|| Secret::new(text));
    Some(Answer {
        token: wire.access_token.text().and_then(secret)?,
        refresh_token: wire.refresh_token.text().and_then(secret),
        lasts: wire.expires_in.parse().map(Duration::from_secs),
    })
}

/// Shared by every clone of the credentials, so that a renewed token serves all of them.
pub(super) type SharedBearer = Arc<Bearer>;
