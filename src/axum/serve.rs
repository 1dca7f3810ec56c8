//! A server that ends with its app.

use std::fmt;
use std::io;
use std::pin::pin;
use std::time::Duration;

use ::axum::Router;
use ::axum::serve::Listener;
use futures_util::future::BoxFuture;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tower_http::timeout::RequestBodyTimeout;

use crate::kafka::Closing;

/// Answers requests (HTTP/1.1) as a task of an [`App`](crate::kafka::App), until it ends.
///
/// `axum::serve` waits for the rest of a request without end. Clients that send half of one would keep a process from ending,
/// and take its connections one after the other. Here two limits apply:
///
/// - Each client sends the head of a request, or the next piece of its body, within the [`read_timeout`](Serve::read_timeout).
/// - When the app ends, requests in hand are answered. What is not finished shortly before the app gives the task up, such as
///   half of a request, is cut off, and the log says so: the app ends without an error.
///
/// ```
/// use event_schema::axum::{Probes, serve};
/// use event_schema::kafka::App;
/// use tokio::net::{TcpListener, TcpStream};
/// # use std::time::Duration;
/// # use tokio::io::AsyncWriteExt;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::new("shop");
/// # let app = app.deadline(Duration::from_secs(1));
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// let (handle, router) = (app.handle(), Probes::new(app.handle()).router());
/// let app = app.task("http", async |closing| Ok(serve(listener, router, closing).await?));
/// let running = tokio::spawn(app.run());
///
/// // A client that sends the beginning of a request, and stays.
/// let mut client = TcpStream::connect(address).await?;
/// client.write_all(b"GET /livez HTTP/1.1\r\nHost: ").await?;
/// handle.close();
/// assert!(running.await?.is_ok());
/// # Ok(())
/// # }
/// ```
///
/// `axum::serve` also speaks HTTP/2 and knows `ConnectInfo`; a service that needs them takes it, with limits of its own.
pub fn serve(listener: TcpListener, router: Router, closing: Closing) -> Serve {
    Serve { listener, router, closing, read_timeout: Duration::from_secs(75) }
}

/// A server, which [`serve`] returns: nothing is answered before it is awaited.
#[must_use = "a server answers when it is awaited"]
pub struct Serve {
    listener: TcpListener,
    router: Router,
    closing: Closing,
    read_timeout: Duration,
}

impl Serve {
    /// How long a client may take for the head of a request, and for each piece of its body. Default: 75 seconds.
    ///
    /// A connection between two requests counts as one whose head is awaited. The time should be longer than the proxy before
    /// the service keeps such connections, which is 60 seconds for many: otherwise the proxy may send a request on a connection
    /// that is just being closed.
    ///
    /// ```
    /// # use event_schema::axum::axum08::Router;
    /// use event_schema::axum::serve;
    /// use event_schema::kafka::App;
    /// use std::time::Duration;
    /// use tokio::io::AsyncReadExt;
    /// use tokio::net::{TcpListener, TcpStream};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let address = listener.local_addr()?;
    /// let app = App::new("shop").task("http", async |closing| {
    ///     Ok(serve(listener, Router::new(), closing).read_timeout(Duration::from_millis(50)).await?)
    /// });
    /// let handle = app.handle();
    /// let running = tokio::spawn(app.run());
    ///
    /// // A client that sends nothing.
    /// let mut client = TcpStream::connect(address).await?;
    /// assert_eq!(client.read(&mut [0]).await?, 0, "the connection is closed");
    /// # handle.close();
    /// # running.await??;
    /// # Ok(())
    /// # }
    /// ```
    pub fn read_timeout(self, limit: Duration) -> Self {
        Self { read_timeout: limit, ..self }
    }

    async fn run(self) {
        let Self { mut listener, router, mut closing, read_timeout } = self;
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(read_timeout);
        let service = Service::new(RequestBodyTimeout::new(router, read_timeout));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                (stream, _) = Listener::accept(&mut listener) => {
                    connections.spawn(answer(http.clone(), stream, service.clone(), closing.clone()));
                }
                // Only those that are open are kept.
                Some(_) = connections.join_next() => {}
                () = &mut closing => break,
            }
        }
        drop(listener);
        let left = closing.end().map(|end| end.saturating_duration_since(Instant::now())).unwrap_or_default();
        let finished = async { while connections.join_next().await.is_some() {} };
        // Before the app counts the task as one that does not end.
        if timeout(left.mul_f32(0.9), finished).await.is_err() {
            tracing::warn!("{} HTTP connections are cut off: their requests are not finished", connections.len());
        }
    }
}

type Service = TowerToHyperService<RequestBodyTimeout<Router>>;

/// Answers the requests of a connection; after the beginning of the end no further one.
async fn answer(http: http1::Builder, stream: TcpStream, service: Service, closing: Closing) {
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = closing => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("an HTTP connection ended: {error}");
    }
}

impl IntoFuture for Serve {
    type Output = io::Result<()>;
    type IntoFuture = BoxFuture<'static, io::Result<()>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async {
            self.run().await;
            Ok(())
        })
    }
}

impl fmt::Debug for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("listener", &self.listener)
            .field("read_timeout", &self.read_timeout)
            .finish_non_exhaustive()
    }
}
