//! A database of the test's own, whose connection can be cut.

use std::env;
use std::net::SocketAddr;
use std::sync::Arc;

use event_schema::sqlx::any::{AnyPoolOptions, install_default_drivers};
use event_schema::sqlx::{self, AnyPool, Connection, PgConnection};
use event_schema::url::Url;
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::common::unique;

pub(crate) enum Database {
    Sqlite { folder: TempDir },
    Postgres { url: Url, wire: Wire },
}

impl Database {
    pub(crate) async fn start() -> Self {
        install_default_drivers();
        let Some(url) = postgres() else {
            return Self::Sqlite { folder: tempfile::tempdir().unwrap() };
        };
        let schema = unique("outbox").replace('-', "_");
        let mut admin = PgConnection::connect(url.as_str()).await.unwrap();
        sqlx::query(&format!("CREATE SCHEMA {schema}")).execute(&mut admin).await.unwrap();
        let wire = Wire::start(url.host_str().unwrap(), url.port().unwrap_or(5432)).await;
        let mut url = url;
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(wire.address.port())).unwrap();
        url.query_pairs_mut().append_pair("options[search_path]", &schema);
        Self::Postgres { url, wire }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite { folder } => format!("sqlite://{}?mode=rwc", folder.path().join("shop.db").display()),
            Self::Postgres { url, .. } => url.to_string(),
        }
    }

    /// Another pool of the same database: that of another process.
    pub(crate) async fn pool(&self) -> AnyPool {
        AnyPoolOptions::new().max_connections(8).connect(&self.url()).await.unwrap()
    }

    /// Makes the database unavailable until the result is dropped.
    pub(crate) async fn away(&self) -> Away {
        match self {
            Self::Sqlite { .. } => {
                let pool = self.pool().await;
                let lock = pool.begin_with("BEGIN EXCLUSIVE").await.unwrap();
                Away { _lock: Some(lock), wire: None }
            }
            Self::Postgres { wire, .. } => {
                wire.open.send_replace(false);
                Away { _lock: None, wire: Some(Arc::clone(&wire.open)) }
            }
        }
    }
}

pub(crate) fn postgres() -> Option<Url> {
    let url = env::var("EVENT_SCHEMA_TEST_POSTGRES").ok().filter(|url| !url.is_empty())?;
    Some(url.parse().unwrap())
}

pub(crate) struct Away {
    _lock: Option<sqlx::Transaction<'static, sqlx::Any>>,
    wire: Option<Arc<watch::Sender<bool>>>,
}

impl Drop for Away {
    fn drop(&mut self) {
        if let Some(wire) = &self.wire {
            wire.send_replace(true);
        }
    }
}

/// A proxy that can be cut.
pub(crate) struct Wire {
    address: SocketAddr,
    open: Arc<watch::Sender<bool>>,
}

impl Wire {
    async fn start(host: &str, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(watch::Sender::new(true));
        let (target, wire) = (format!("{host}:{port}"), Arc::clone(&open));
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (target, mut open) = (target.clone(), wire.subscribe());
                tokio::spawn(async move {
                    if !*open.borrow_and_update() {
                        return;
                    }
                    let mut far = TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = open.wait_for(|open| !open) => {}
                    }
                });
            }
        });
        Self { address, open }
    }
}
