//! HTTPS, with OpenSSL's own server.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use event_schema::format::framing::SchemaId;
use event_schema::registry::SchemaRegistry;

use super::hasty;

const ANSWER: &str = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"schema\": \"\\\"long\\\"\"}";

/// Ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Server {
    /// Serves the file `schemas/ids/7` of the folder, to clients with a certificate if that is asked for.
    fn start(folder: &Path, verify: &str) -> (Self, String) {
        let arguments =
            format!("s_server -accept 127.0.0.1:0 -cert server.pem -key server.key -CAfile ca.pem -HTTP {verify}");
        let mut child = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let server = Self(child);
        let mut lines = lines.map_while(Result::ok);
        let port = lines.find_map(|line| Some(line.strip_prefix("ACCEPT ")?.rsplit_once(':')?.1.to_owned())).unwrap();
        // It stops when nobody reads what it says.
        std::thread::spawn(move || lines.for_each(drop));
        (server, format!("https://localhost:{port}"))
    }
}

#[tokio::test]
async fn certificates_are_checked_and_shown() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: no openssl");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir_all(folder.path().join("schemas/ids")).unwrap();
    std::fs::write(at("schemas/ids/7"), ANSWER).unwrap();
    let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    openssl(folder.path(), &format!("{new} -keyout ca.key -out ca.pem -subj /CN=ca"));
    for (name, subject) in [("server", "localhost"), ("client", "alice")] {
        let extension = format!("-addext subjectAltName=DNS:{subject} -addext basicConstraints=critical,CA:FALSE");
        openssl(
            folder.path(),
            &format!(
                "{new} -CA ca.pem -CAkey ca.key -keyout {name}.key -out {name}.pem -subj /CN={subject} {extension}"
            ),
        );
    }
    openssl(folder.path(), "pkcs12 -export -in client.pem -inkey client.key -out client.p12 -passout pass:hush");
    std::fs::write(
        at("both.pem"),
        std::fs::read_to_string(at("client.pem")).unwrap() + &std::fs::read_to_string(at("client.key")).unwrap(),
    )
    .unwrap();

    let (_server, url) = Server::start(folder.path(), "");
    let (_strict, strict_url) = Server::start(folder.path(), "-Verify 1 -verify_return_error");
    let trusting = |url: &str| hasty(url).set("max.retries", "0").set("schema.registry.ssl.ca.location", at("ca.pem"));
    let with_client = || trusting(&strict_url);
    let as_java = hasty(&url)
        .set("schema.registry.ssl.truststore.type", "PEM")
        .set("schema.registry.ssl.truststore.location", at("ca.pem"));
    let inline =
        hasty(&url).set("schema.registry.ssl.truststore.certificates", std::fs::read_to_string(at("ca.pem")).unwrap());
    for (config, good) in [
        (hasty(&url).set("max.retries", "0"), false),
        (trusting(&url), true),
        (as_java, true),
        (inline, true),
        (trusting(&url.replace("localhost", "127.0.0.1")), false),
        (trusting(&url.replace("localhost", "127.0.0.1")).set("ssl.endpoint.identification.algorithm", ""), true),
        (with_client(), false),
        (
            with_client().set("ssl.certificate.location", at("client.pem")).set("ssl.key.location", at("client.key")),
            true,
        ),
        (with_client().set("ssl.keystore.location", at("both.pem")).set("ssl.keystore.type", "PEM"), true),
        (
            with_client()
                .set("ssl.keystore.location", at("client.p12"))
                .set("ssl.keystore.type", "PKCS12")
                .set("ssl.keystore.password", "hush"),
            true,
        ),
    ] {
        let found = SchemaRegistry::new(&config).unwrap().schema(SchemaId::Number(7)).await;
        assert_eq!(found.is_ok(), good, "{config:?}: {found:?}");
        if let Err(error) = found {
            assert!(error.is_transient() && !error.to_string().contains("hush"), "{error}");
        }
    }
    let other = with_client()
        .set("ssl.keystore.location", at("client.p12"))
        .set("ssl.keystore.type", "PKCS12")
        .set("ssl.keystore.password", "other");
    let error = SchemaRegistry::new(&other).unwrap_err().to_string();
    assert_eq!(error, format!("{}: not a PKCS12 file, or another password", at("client.p12")));
}
