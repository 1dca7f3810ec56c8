//! Who the client says it is.

use std::sync::{Arc, Mutex};

use event_schema::registry::{RegistryConfig, SchemaRegistry};
use serde_json::json;

use super::hasty;
use super::server::{Reply, Request, Server, json as answer, wrong};

async fn open() -> Server {
    Server::start(|_| answer(200, &json!([]))).await
}

/// The headers of a request with this configuration.
async fn asked(config: &RegistryConfig, server: &Server) -> Request {
    let registry = SchemaRegistry::new(config).unwrap();
    registry.subjects().await.unwrap();
    for shown in [format!("{config:?}"), format!("{registry:?}")] {
        for secret in ["alice", "hush", "YWxpY2U6"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    server.log().pop().unwrap()
}

#[tokio::test]
async fn a_password_goes_with_each_request() {
    let server = open().await;
    let basic = Some("Basic YWxpY2U6aHVzaDpodXNo");
    let config = hasty(&server.url()).set("basic.auth.user.info", "alice:hush:hush");
    assert_eq!(asked(&config, &server).await.header("authorization"), basic);
    let config = config.set("basic.auth.credentials.source", "USER_INFO");
    assert_eq!(asked(&config, &server).await.header("authorization"), basic);
    let older = hasty(&server.url()).set("schema.registry.basic.auth.user.info", "alice:hush:hush");
    assert_eq!(asked(&older, &server).await.header("authorization"), basic);

    let with_user = server.url().replace("http://", "http://alice:hush%3Ahush@");
    let request = asked(&hasty(&with_user), &server).await;
    assert_eq!((request.header("authorization"), &*request.target), (basic, "/subjects"));
    // Said elsewhere, what the URL says does not count.
    let config = hasty(&with_user).set("basic.auth.user.info", "bob:x");
    assert_eq!(asked(&config, &server).await.header("authorization"), Some("Basic Ym9iOng="));

    let request = asked(&hasty(&server.url()), &server).await;
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn the_credentials_of_kafka_in_the_same_file_are_inherited() {
    let server = open().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("client.properties");
    let of_file = |lines: &str| {
        let url = server.url();
        std::fs::write(&file, format!("schema.registry.url={url}\n{lines}")).unwrap();
        RegistryConfig::from_properties_file(&file).unwrap()
    };
    let basic = "basic.auth.credentials.source=SASL_INHERIT\n";
    let jaas = "sasl.jaas.config=x.PlainLoginModule required username=\"alice\" password='hush:hush';";
    let names = "sasl.username=alice\nsasl.password=hush:hush";
    for credentials in [jaas, names] {
        let request = asked(&of_file(&format!("{basic}{credentials}")), &server).await;
        assert_eq!(request.header("authorization"), Some("Basic YWxpY2U6aHVzaDpodXNo"));
    }
    let error = of_file(&format!("{basic}sasl.username=alice")).check().unwrap_err().to_string();
    assert!(error.contains("`sasl.username` and `sasl.password`, in the same file"), "{error}");
    // Nobody said that they are the registry's.
    assert_eq!(asked(&of_file(names), &server).await.header("authorization"), None);

    let bearer = "bearer.auth.credentials.source=SASL_OAUTHBEARER_INHERIT\n";
    let jaas = "sasl.jaas.config=x.OAuthBearerLoginModule required clientId=\"alice\" clientSecret=\"hush\";";
    let error = of_file(&format!("{bearer}{jaas}")).check().unwrap_err().to_string();
    assert_eq!(error, "`bearer.auth.issuer.endpoint.url` is missing, with bearer.auth.credentials.source=OAUTHBEARER");
    let endpoint = "\nsasl.oauthbearer.token.endpoint.url=https://issuer.example.com/token";
    of_file(&format!("{bearer}{jaas}{endpoint}")).check().unwrap();
}

#[tokio::test]
async fn a_token_goes_with_each_request() {
    let server = open().await;
    let config = hasty(&server.url())
        .set("bearer.auth.credentials.source", "STATIC_TOKEN")
        .set("bearer.auth.token", "hush")
        .set("bearer.auth.logical.cluster", "lsrc-1")
        .set("bearer.auth.identity.pool.id", "pool-1");
    let request = asked(&config, &server).await;
    assert_eq!(request.header("authorization"), Some("Bearer hush"));
    assert_eq!(request.header("target-sr-cluster"), Some("lsrc-1"));
    assert_eq!(request.header("Confluent-Identity-Pool-Id"), Some("pool-1"));
}

/// A registry that takes one token only, and the issuer of such tokens.
struct Guarded {
    registry: Server,
    issuer: Server,
    /// The number of the token, and how often it was shown.
    token: Arc<Mutex<(usize, usize)>>,
}

impl Guarded {
    /// Each token lives as long as this, and is withdrawn when the registry was asked that often.
    async fn start(expires_in: u64, withdrawn_after: usize) -> Self {
        let tokens = Arc::new(Mutex::new((0, 0)));
        let issuer = Server::start({
            let tokens = Arc::clone(&tokens);
            move |_| {
                let mut token = tokens.lock().unwrap();
                *token = (token.0 + 1, 0);
                answer(
                    200,
                    &json!({ "access_token": format!("hush-{}", token.0), "expires_in": expires_in.to_string() }),
                )
            }
        })
        .await;
        let token = Arc::clone(&tokens);
        let registry = Server::start(move |request| {
            let mut token = tokens.lock().unwrap();
            let is_it = request.header("authorization") == Some(&format!("Bearer hush-{}", token.0));
            token.1 += 1;
            if is_it && token.1 <= withdrawn_after { answer(200, &json!([])) } else { wrong(40101, "Unauthorized") }
        })
        .await;
        Self { registry, issuer, token }
    }

    fn client(&self) -> SchemaRegistry {
        SchemaRegistry::new(&oauth(&self.registry.url(), &self.issuer.url())).unwrap()
    }
}

fn oauth(registry: &str, issuer: &str) -> RegistryConfig {
    hasty(registry)
        .set("bearer.auth.credentials.source", "OAUTHBEARER")
        .set("bearer.auth.issuer.endpoint.url", format!("{issuer}/oauth/token?tenant=hush"))
        .set("bearer.auth.client.id", "alice")
        .set("bearer.auth.client.secret", "hush")
        .set("bearer.auth.scope", "schemas read&write")
}

#[tokio::test]
async fn a_token_is_issued_once_for_all_requests() {
    let guarded = Guarded::start(3600, 1000).await;
    let registry = guarded.client();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let registry = registry.clone();
            tokio::spawn(async move { registry.subjects().await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let log = guarded.issuer.log();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].line(), "POST /oauth/token?tenant=hush");
    assert_eq!(log[0].body, "grant_type=client_credentials&scope=schemas+read%26write");
    assert_eq!(log[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(log[0].header("authorization"), Some("Basic YWxpY2U6aHVzaA=="));
}

#[tokio::test]
async fn a_token_that_ends_or_is_withdrawn_is_replaced() {
    let guarded = Guarded::start(3600, 2).await;
    let registry = guarded.client();
    for _ in 0..4 {
        registry.subjects().await.unwrap();
    }
    assert_eq!((guarded.issuer.count(), guarded.registry.count()), (2, 5));

    let guarded = Guarded::start(0, 1000).await;
    let registry = guarded.client();
    for _ in 0..3 {
        registry.subjects().await.unwrap();
    }
    assert_eq!((guarded.issuer.count(), guarded.registry.count()), (3, 3));

    // A new one that is refused as well is the last.
    let guarded = Guarded::start(3600, 0).await;
    assert!(guarded.client().subjects().await.unwrap_err().is_denied());
    assert_eq!((guarded.issuer.count(), guarded.registry.count()), (2, 2));
}

#[tokio::test]
async fn a_token_that_many_requests_show_in_vain_is_replaced_once() {
    // Each new token makes the last one invalid.
    let guarded = Guarded::start(3600, 1000).await;
    let registry = guarded.client();
    registry.subjects().await.unwrap();
    // Withdrawn: the next one counts.
    guarded.token.lock().unwrap().0 += 100;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let registry = registry.clone();
            tokio::spawn(async move { registry.subjects().await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(guarded.issuer.count(), 2);
}

#[tokio::test]
async fn a_token_may_live_for_ever() {
    let guarded = Guarded::start(u64::MAX, 1000).await;
    let registry = guarded.client();
    for _ in 0..2 {
        registry.subjects().await.unwrap();
    }
    assert_eq!(guarded.issuer.count(), 1);
}

#[tokio::test]
async fn an_issuer_that_fails_is_named_without_secrets() {
    let registry = open().await;
    for (reply, asked) in [
        (answer(400, &json!({ "error": "invalid_client", "error_description": "hush" })), 1),
        (answer(401, &json!({ "error": "invalid_client" })), 1),
        (answer(500, &json!("hush")), 4),
        (answer(200, &json!({ "token": "hush" })), 1),
    ] {
        let transient = asked > 1;
        let issuer = server(reply).await;
        let client = SchemaRegistry::new(&oauth(&registry.url(), &issuer.url())).unwrap();
        let error = client.subjects().await.unwrap_err();
        assert_eq!(error.is_transient(), transient, "{error}");
        assert!(error.to_string().starts_with(&format!("POST {}/oauth/token: ", issuer.url())), "{error}");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
        assert_eq!(issuer.count(), asked);
    }
    assert_eq!(registry.count(), 0);
}

async fn server(reply: Reply) -> Server {
    Server::start(move |_| reply.clone()).await
}
