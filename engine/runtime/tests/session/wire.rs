//! A wire between a session and an exchange, which a test can cut or make mute.

use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What a wire does with what the exchange says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Whole,
    /// It swallows it, and nobody notices.
    Mute,
    Cut,
}

/// A wire between the session and the exchange.
pub struct Wire {
    pub address: SocketAddr,
    state: watch::Sender<State>,
}

impl Wire {
    pub async fn to(exchange: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (state, watched) = watch::channel(State::Whole);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (watched, mut cut) = (watched.clone(), watched.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        biased;
                        _ = cut.wait_for(|state| *state == State::Cut) => {}
                        _ = carry(client, exchange, watched) => {}
                    }
                });
            }
        });
        Self { address, state }
    }

    pub fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

async fn carry(
    client: TcpStream,
    exchange: SocketAddr,
    state: watch::Receiver<State>,
) -> io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_exchange, mut to_exchange) = TcpStream::connect(exchange).await?.into_split();
    let asking = tokio::io::copy(&mut from_client, &mut to_exchange);
    let answering = async {
        let mut buffer = [0; 4096];
        loop {
            let read = from_exchange.read(&mut buffer).await?;
            if read == 0 {
                return Ok(0);
            }
            if *state.borrow() == State::Whole {
                to_client.write_all(&buffer[..read]).await?;
            }
        }
    };
    tokio::select! { ended = asking => ended, ended = answering => ended }.map(|_| ())
}
