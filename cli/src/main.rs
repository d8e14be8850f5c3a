//! Stub.
mod config;
fn main() {
    let _ = config::Layers::new().finish();
}
