//! Certificates and keys of HTTPS: [`Tls`].

use reqwest::{Certificate, ClientBuilder};

/// The certificates that the client trusts, and its own.
pub(super) struct Tls {
    /// Instead of the system's.
    pub(super) roots: Option<Pem>,
    pub(super) identity: Option<Identity>,
    pub(super) any_hostname: bool,
}

pub(super) enum Pem {
    File(String),
    Text(String),
}

pub(super) enum Identity {
    Pkcs12 { file: String, password: String },
    Pem { chain: Pem, key: Pem },
}

impl Tls {
    /// The text of an error names the file, but nothing in it.
    pub(super) fn apply(&self, mut client: ClientBuilder) -> Result<ClientBuilder, String> {
        if let Some(roots) = &self.roots {
            let certificates = Certificate::from_pem_bundle(&roots.read()?).unwrap_or_default();
            if certificates.is_empty() {
                return Err(format!("{}: no certificates in PEM", roots.name()));
            }
            client = client.tls_certs_only(certificates);
        }
        if let Some(identity) = &self.identity {
            client = client.identity(identity.read()?);
        }
        Ok(client.tls_danger_accept_invalid_hostnames(self.any_hostname))
    }
}

impl Pem {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    fn name(&self) -> &str {
        match self {
            Self::File(file) => file,
            Self::Text(_) => "the text of the configuration",
        }
    }

    fn read(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::File(file) => read(file),
            Self::Text(text) => Ok(text.clone().into_bytes()),
        }
    }
}

fn read(file: &str) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{file}: {error}"))
}

impl Identity {
    fn read(&self) -> Result<reqwest::Identity, String> {
        match self {
            Self::Pkcs12 { file, password } => reqwest::Identity::from_pkcs12_der(&read(file)?, password)
                .map_err(|_| format!("{file}: not a PKCS12 file, or another password")),
            Self::Pem { chain, key } => {
                let no_key =
                    || format!("{}: no private key in PKCS#8; `openssl pkcs8 -topk8 -nocrypt` writes one", key.name());
                let text = key.read()?;
                let block = private_key(&text).ok_or_else(no_key)?;
                reqwest::Identity::from_pkcs8_pem(&chain.read()?, block)
                    .map_err(|_| format!("{}: no certificates for the private key", chain.name()))
            }
        }
    }
}

/// The private key, of a file that may also have certificates.
fn private_key(pem: &[u8]) -> Option<&[u8]> {
    const END: &[u8] = b"-----END PRIVATE KEY-----";
    let find = |text: &[u8], part: &[u8]| text.windows(part.len()).position(|window| window == part);
    let key = &pem[find(pem, b"-----BEGIN PRIVATE KEY-----")?..];
    Some(&key[..find(key, END)? + END.len()])
}
