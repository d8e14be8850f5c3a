//! One TLS provider for REST and sockets.

/// Installs ring as the process's TLS provider. Clients panic without one, so everything that
/// builds a client calls this first; a second call changes nothing.
pub fn install() {
    // An error means that a provider is already installed, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
