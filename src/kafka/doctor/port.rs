//! The protocol that a port speaks. librdkafka only notices that it is not its own.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// The protocol of a port.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    /// Nobody can be connected to.
    Nothing,
    Tls,
    /// Kafka's protocol, without a login.
    Plaintext,
    /// Kafka's protocol, with a login by one of these mechanisms.
    Sasl(Vec<String>),
    /// Kafka's protocol, and whether with a login is not known.
    Kafka,
    /// Somebody listens, and answers neither in time.
    Other,
}

/// Finds out what a port speaks, by the beginnings of a TLS handshake and of a login. Nobody is logged in.
pub(super) fn speaks(address: &str, patience: Duration) -> Speaks {
    let Some(mut socket) = connect(address, patience) else { return Speaks::Nothing };
    // A server of TLS answers with a handshake or an alert. A broker without TLS reads the size of a request, finds it too
    // large, and hangs up.
    let mut kind = [0];
    if socket.write_all(&client_hello()).is_ok()
        && socket.read_exact(&mut kind).is_ok()
        && matches!(kind, [0x15 | 0x16])
    {
        return Speaks::Tls;
    }
    let Some(mut socket) = connect(address, patience) else { return Speaks::Nothing };
    login(&mut socket).unwrap_or(Speaks::Other)
}

fn connect(address: &str, patience: Duration) -> Option<TcpStream> {
    let mut addresses = address.to_socket_addrs().ok()?;
    let socket = addresses.find_map(|address| TcpStream::connect_timeout(&address, patience).ok())?;
    socket.set_read_timeout(Some(patience)).ok()?;
    socket.set_write_timeout(Some(patience)).ok()?;
    Some(socket)
}

/// The addresses of a list in the form of `bootstrap.servers`, each with a port.
pub(super) fn addresses(list: &str) -> impl Iterator<Item = String> {
    /// librdkafka's default.
    const PORT: &str = "9092";
    let addresses = list.split(',').map(str::trim).filter(|address| !address.is_empty());
    addresses.map(|address| {
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        let has_port = address.rsplit_once(':').is_some_and(|(host, _)| !host.contains(':') || host.ends_with(']'));
        if has_port { address.to_owned() } else { format!("{address}:{PORT}") }
    })
}

/// The first message of a TLS 1.2 client, without extensions.
fn client_hello() -> Vec<u8> {
    const SUITES: [u16; 3] = [0xc02f, 0xc030, 0x009c];
    let mut hello = vec![3, 3];
    // The client's random number, which protects nothing here.
    hello.extend([0x5a; 32]);
    // No session.
    hello.push(0);
    hello.extend((2 * u16::try_from(SUITES.len()).unwrap_or_default()).to_be_bytes());
    hello.extend(SUITES.into_iter().flat_map(u16::to_be_bytes));
    // No compression.
    hello.extend([1, 0]);
    let size = u16::try_from(hello.len()).unwrap_or_default();
    // A handshake record with a ClientHello, whose size has three bytes.
    let mut record = vec![0x16, 3, 1];
    record.extend((size + 4).to_be_bytes());
    record.extend([1, 0]);
    record.extend(size.to_be_bytes());
    record.extend(hello);
    record
}

/// Asks for a mechanism that no broker has: one with logins names those that it has, and one without has none
/// (`SaslHandshake`, version 1).
fn login(socket: &mut TcpStream) -> Option<Speaks> {
    const MECHANISM: &[u8] = b"NONE";
    const UNSUPPORTED_MECHANISM: i16 = 33;
    const ILLEGAL_STATE: i16 = 34;
    /// A broker's answer is much smaller.
    const LARGEST: usize = 64 * 1024;
    /// The answer begins with it.
    const CORRELATION_ID: [u8; 4] = [0, 0, 0, 1];
    let mut request = vec![0, 17, 0, 1];
    request.extend(CORRELATION_ID);
    // No client id.
    request.extend((-1_i16).to_be_bytes());
    request.extend(i16::try_from(MECHANISM.len()).ok()?.to_be_bytes());
    request.extend(MECHANISM);
    socket.write_all(&i32::try_from(request.len()).ok()?.to_be_bytes()).ok()?;
    socket.write_all(&request).ok()?;

    let mut size = [0; 4];
    socket.read_exact(&mut size).ok()?;
    let size = usize::try_from(i32::from_be_bytes(size)).ok().filter(|size| *size <= LARGEST)?;
    let mut answer = vec![0; size];
    socket.read_exact(&mut answer).ok()?;
    let mut rest = answer.strip_prefix(&CORRELATION_ID)?;
    match i16::from_be_bytes(take(&mut rest)?) {
        ILLEGAL_STATE => Some(Speaks::Plaintext),
        UNSUPPORTED_MECHANISM => {
            let count = i32::from_be_bytes(take(&mut rest)?);
            let mechanisms = (0..count).map_while(|_| {
                let length = usize::try_from(i16::from_be_bytes(take(&mut rest)?)).ok()?;
                let (name, tail) = rest.split_at_checked(length)?;
                rest = tail;
                Some(String::from_utf8_lossy(name).into_owned())
            });
            Some(Speaks::Sasl(mechanisms.collect()))
        }
        _ => Some(Speaks::Kafka),
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk::<N>()?;
    *bytes = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    /// A server that reads the beginning of each connection, gives this answer to it, and hangs up.
    fn server(connections: usize, answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for socket in listener.incoming().take(connections) {
                let mut socket = socket.unwrap();
                let mut asked = [0; 256];
                let count = socket.read(&mut asked).unwrap();
                socket.write_all(&answer(&asked[..count])).unwrap();
            }
        });
        address
    }

    #[test]
    fn a_server_of_tls_answers_the_handshake() {
        for kind in [0x16, 0x15] {
            let address = server(1, move |asked| {
                assert_eq!(asked[..3], [0x16, 3, 1]);
                vec![kind, 3, 3, 0, 2, 2, 40]
            });
            assert_eq!(speaks(&address, PATIENCE), Speaks::Tls);
        }
    }

    #[test]
    fn a_broker_names_its_mechanisms() {
        let address = server(2, |asked| {
            if asked.starts_with(&[0x16]) {
                return Vec::new();
            }
            let mut answer = vec![0, 0, 0, 1, 0, 33, 0, 0, 0, 2];
            for name in ["PLAIN", "SCRAM-SHA-512"] {
                answer.extend([0, u8::try_from(name.len()).unwrap()]);
                answer.extend(name.as_bytes());
            }
            let mut framed = u32::try_from(answer.len()).unwrap().to_be_bytes().to_vec();
            framed.extend(answer);
            framed
        });
        let expected = vec!["PLAIN".to_owned(), "SCRAM-SHA-512".to_owned()];
        assert_eq!(speaks(&address, PATIENCE), Speaks::Sasl(expected));
    }

    #[test]
    fn a_broker_may_give_another_answer() {
        // `CLUSTER_AUTHORIZATION_FAILED`, and no mechanisms.
        let address = server(2, |asked| {
            if asked.starts_with(&[0x16]) { Vec::new() } else { vec![0, 0, 0, 10, 0, 0, 0, 1, 0, 31, 0, 0, 0, 0] }
        });
        assert_eq!(speaks(&address, PATIENCE), Speaks::Kafka);
    }

    #[test]
    fn another_server_is_not_taken_for_a_broker() {
        let address = server(2, |_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
        assert_eq!(speaks(&address, PATIENCE), Speaks::Other);
        let address = server(2, |_| Vec::new());
        assert_eq!(speaks(&address, PATIENCE), Speaks::Other);
        // In a frame like Kafka's.
        let address = server(2, |_| b"\0\0\0\x06+hello".to_vec());
        assert_eq!(speaks(&address, PATIENCE), Speaks::Other);
        assert_eq!(speaks("127.0.0.1:1", PATIENCE), Speaks::Nothing);
        assert_eq!(speaks("no-such-host.invalid:9092", PATIENCE), Speaks::Nothing);
    }

    #[test]
    fn addresses_get_a_port() {
        let found: Vec<_> = addresses("a:1, SASL_SSL://b:2,,c,[::1]:9092,[::1]").collect();
        assert_eq!(found, ["a:1", "b:2", "c:9092", "[::1]:9092", "[::1]:9092"]);
    }
}
