//! Logins by tokens of a server that stands in for an OpenID Connect provider, to a real broker that wants them
//! (`EVENT_SCHEMA_TEST_CLUSTER`, as for `doctor`).

#[allow(dead_code, reason = "the tests of a registry need more of it")]
#[path = "../avro/registry/server.rs"]
mod server;

use std::env;
use std::time::{Duration, Instant};

use self::server::{Server, json, text};
use crate::common::{Kafka, Note, note, unique, within};
use event_schema::kafka::{EventConsumer, EventProducer, KafkaConfig};
use event_schema::serde_json::json as value;

/// Tokens without a signature, which the broker of the tests accepts: `{"alg":"none"}` and, of the first, `{"sub":"alice",
/// "iat":1700000000,"exp":4102444800,"scope":"orders"}`. The second ended in 2020.
const TOKENS: [&str; 2] = [
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJzY29wZSI6Im9yZGVycyJ9.",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsImlhdCI6MTYwMDAwMDAwMCwiZXhwIjoxNjAwMDAwNjAwfQ.",
];

/// The port of this run's broker that wants a login.
fn port() -> Option<u16> {
    if env::var_os("EVENT_SCHEMA_TEST_CLUSTER").is_none_or(|script| script.is_empty()) {
        eprintln!("skipped: no broker that accepts tokens");
        return None;
    }
    Some(env::var("KAFKA_PORT").unwrap().parse::<u16>().unwrap() + 1)
}

async fn provider(token: &'static str) -> Server {
    let issue = move |_: &_| {
        let issued = value!({"access_token": token, "token_type": "Bearer", "expires_in": 3600});
        json(200, &issued).header("Content-Type", "application/json")
    };
    Server::start(issue).await
}

fn config(port: u16, provider: &Server) -> KafkaConfig {
    KafkaConfig::new(format!("127.0.0.1:{port}"))
        .set("security.protocol", "SASL_PLAINTEXT")
        .set("sasl.mechanism", "OAUTHBEARER")
        .set("sasl.oauthbearer.method", "oidc")
        .set("sasl.oauthbearer.token.endpoint.url", format!("{}/token", provider.url()))
        .set("sasl.oauthbearer.client.id", "billing")
        .set("sasl.oauthbearer.client.secret", "hush")
        .set("sasl.oauthbearer.scope", "orders")
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_log_in_by_tokens() {
    let Some(port) = port() else { return };
    let provider = provider(TOKENS[0]).await;
    let url = format!("{}/token", provider.url());
    let java = KafkaConfig::from_properties_str(&format!(
        r#"
        bootstrap.servers=127.0.0.1:{port}
        security.protocol=SASL_PLAINTEXT
        sasl.mechanism=OAUTHBEARER
        sasl.login.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler
        sasl.oauthbearer.token.endpoint.url={url}
        sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \
            clientId="billing" clientSecret="hush" scope="orders";
        "#
    ));
    let topic = Kafka::start().topic(1).await;
    for (number, config) in [config(port, &provider), java.unwrap()].into_iter().enumerate() {
        let producer = within(30, "login", EventProducer::connect(&config)).await.unwrap();
        producer.send_to(&topic, &note("a", u32::try_from(number).unwrap())).await.unwrap();
        let mut consumer =
            EventConsumer::<Note>::subscribe_to(&config.group(unique("group")), &[&topic]).await.unwrap();
        let received = within(30, "message", consumer.recv()).await.unwrap();
        assert_eq!(received.event(), Some(&note("a", 0)));
        consumer.close(Duration::from_secs(10)).await.unwrap();
        producer.close(Duration::from_secs(10)).await.unwrap();
    }
    let requests = provider.log();
    assert!(requests.len() >= 4, "{requests:?}");
    for request in requests {
        assert_eq!(request.line(), "POST /token");
        // `billing:hush`
        assert_eq!(request.header("authorization"), Some("Basic YmlsbGluZzpodXNo"));
        let form: Vec<&str> = request.body.split('&').collect();
        assert!(form.contains(&"grant_type=client_credentials") && form.contains(&"scope=orders"), "{form:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_valid_token_is_told() {
    let Some(port) = port() else { return };
    let refusing = Server::start(|_| text(401, "hush")).await;
    let outdated = provider(TOKENS[1]).await;
    for provider in [&refusing, &outdated] {
        let started = Instant::now();
        let error = EventProducer::connect(&config(port, provider)).await.unwrap_err();
        println!("after {:?}: {error}", started.elapsed());
        assert!(error.is_authentication(), "{error}");
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}
