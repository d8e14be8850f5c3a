//! One websocket with its queue: frames that the hub queues go out, what the client says comes in.

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// A client that takes no frame for so long is gone, whatever its socket says.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// What the hub queues for a connection.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::server) enum Outgoing {
    /// A frame to send.
    Frame(Message),
    /// A frame to send before the connection is closed.
    Last(Message),
    /// The connection is dropped without a word.
    Drop,
    /// Nothing more is sent; the client is still heard.
    Mute,
}

/// A websocket with the queue that the hub fills.
pub(super) struct Pump {
    socket: WebSocket,
    queue: mpsc::Receiver<Outgoing>,
    stop: watch::Receiver<bool>,
    /// Whether the hub holds the other end of the queue.
    joined: bool,
    muted: bool,
}

/// What the connection's task must deal with next.
pub(super) enum Incoming {
    /// The client's words, text or binary.
    Words(Bytes),
    /// The client has gone; with a close frame or without.
    Gone { clean: bool },
    /// The hub has dropped the client because its queue was full.
    TooSlow,
}

impl Pump {
    /// The pump and the end of its queue that the hub shall hold once the client is in.
    pub(super) fn new(
        socket: WebSocket,
        length: usize,
        stop: watch::Receiver<bool>,
    ) -> (Self, mpsc::Sender<Outgoing>) {
        let (sender, queue) = mpsc::channel(length.max(1));
        (Self { socket, queue, stop, joined: false, muted: false }, sender)
    }

    /// From here on nothing is sent but answers to pings.
    pub(super) fn mute(&mut self) {
        self.muted = true;
    }

    /// From here on the end of the queue means that the hub has dropped the client.
    pub(super) fn joined(&mut self) {
        self.joined = true;
    }

    /// Sends queued frames until the client says something or goes.
    pub(super) async fn next(&mut self) -> Incoming {
        loop {
            let happened = tokio::select! {
                // What the hub has queued goes out before anything else is answered.
                biased;
                _ = self.stop.wait_for(|stop| *stop) => Happened::Stopped,
                queued = self.queue.recv(), if self.joined => Happened::Queued(queued),
                received = self.socket.recv() => Happened::Received(received),
            };
            match happened {
                Happened::Stopped => {
                    self.close().await;
                    return Incoming::Gone { clean: true };
                }
                Happened::Queued(None) => return Incoming::TooSlow,
                Happened::Queued(Some(outgoing)) => {
                    if let Some(gone) = self.send_queued(outgoing).await {
                        return gone;
                    }
                }
                Happened::Received(message) => match read(message) {
                    Some(Incoming::Gone { clean: true }) => {
                        // The answer to a close frame goes out with the next read.
                        let _ = tokio::time::timeout(SEND_LIMIT, self.socket.recv()).await;
                        return Incoming::Gone { clean: true };
                    }
                    Some(incoming) => return incoming,
                    None => {}
                },
            }
        }
    }

    /// Does what the hub has queued; what follows from it when the connection has ended.
    async fn send_queued(&mut self, outgoing: Outgoing) -> Option<Incoming> {
        match outgoing {
            Outgoing::Frame(frame) => {
                let sent = self.send(frame).await;
                (!sent).then_some(Incoming::Gone { clean: false })
            }
            Outgoing::Last(frame) => {
                self.send(frame).await;
                self.close().await;
                Some(Incoming::Gone { clean: true })
            }
            Outgoing::Drop => Some(Incoming::Gone { clean: false }),
            Outgoing::Mute => {
                self.mute();
                None
            }
        }
    }

    /// Says something past the queue; `false` when the connection has ended.
    pub(super) async fn say(&mut self, all: Vec<Outgoing>) -> bool {
        for outgoing in all {
            if self.send_queued(outgoing).await.is_some() {
                return false;
            }
        }
        true
    }

    /// Sends one frame past the queue; `false` when the client is gone.
    pub(super) async fn send(&mut self, frame: Message) -> bool {
        if self.muted {
            return true;
        }
        matches!(tokio::time::timeout(SEND_LIMIT, self.socket.send(frame)).await, Ok(Ok(())))
    }

    /// Says goodbye, if the client still listens.
    pub(super) async fn close(&mut self) {
        self.send(Message::Close(None)).await;
    }
}

/// What woke the pump.
enum Happened {
    Stopped,
    Queued(Option<Outgoing>),
    Received(Option<Result<Message, axum::Error>>),
}

/// What a message means for the connection; nothing, for pings, which the websocket's own layer
/// answers.
fn read(message: Option<Result<Message, axum::Error>>) -> Option<Incoming> {
    match message {
        Some(Ok(Message::Text(text))) => Some(Incoming::Words(text.into())),
        Some(Ok(Message::Binary(bytes))) => Some(Incoming::Words(bytes)),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
        Some(Ok(Message::Close(_))) => Some(Incoming::Gone { clean: true }),
        Some(Err(_)) | None => Some(Incoming::Gone { clean: false }),
    }
}
