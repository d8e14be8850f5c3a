//! Connections that can be reset: the listener hands out sockets with a switch, and each request
//! knows the switch of its connection.

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Resets the connection that a request came on.
#[derive(Debug, Clone, Default)]
pub(in crate::server) struct Switch(Arc<AtomicBool>);

impl Switch {
    /// From here on nothing goes out, and the other side sees a reset with the next answer.
    pub(in crate::server) fn cut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_cut(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Listens and hands out connections with a switch.
pub(in crate::server) struct CutListener(pub(in crate::server) TcpListener);

/// A connection with a switch.
pub(in crate::server) struct CutStream {
    socket: TcpStream,
    switch: Switch,
}

impl Listener for CutListener {
    type Io = CutStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (CutStream, SocketAddr) {
        let (socket, address) = Listener::accept(&mut self.0).await;
        // Small answers must not wait for more to send.
        let _ = socket.set_nodelay(true);
        (CutStream { socket, switch: Switch::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, CutListener>> for Switch {
    fn connect_info(stream: IncomingStream<'_, CutListener>) -> Self {
        stream.io().switch.clone()
    }
}

impl CutStream {
    /// Fails when the connection is to be reset, and lets the socket do so when it is dropped.
    fn check(&self) -> io::Result<()> {
        if !self.switch.is_cut() {
            return Ok(());
        }
        let _ = self.socket.set_zero_linger();
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for CutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for CutStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.socket).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
