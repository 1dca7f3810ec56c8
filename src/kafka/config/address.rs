//! The addresses of brokers: librdkafka takes any text, reads what it can as a port, and waits for a broker there.

/// The names that librdkafka accepts before `://`.
const PROTOCOLS: [&str; 4] = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"];

/// Refuses a list of addresses, `host:port` separated by commas, in which one is no address.
pub(super) fn check(list: &str) -> Result<(), String> {
    list.split(',').map(str::trim).filter(|address| !address.is_empty()).try_for_each(|address| {
        problem(address).map_or(Ok(()), |problem| {
            // What stands before the sign may be a password.
            let shown = if address.contains('@') { "an address" } else { &format!("`{address}`") };
            Err(format!("{shown} {problem}"))
        })
    })
}

fn problem(address: &str) -> Option<&'static str> {
    let rest = match address.split_once("://") {
        Some((protocol, rest)) if PROTOCOLS.contains(&protocol.to_ascii_lowercase().as_str()) => rest,
        Some(_) => return Some("has a protocol that is not Kafka's; write host:port"),
        None => address,
    };
    if rest.contains(char::is_whitespace) {
        return Some("has a blank; addresses are separated by commas");
    }
    let (host, port) = match rest.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((host, ""))) => (host, None),
        Some(Some((host, rest))) if rest.starts_with(':') => (host, rest.strip_prefix(':')),
        Some(_) => return Some("is not host:port"),
        None => match rest.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Some("has more than one colon; write an IPv6 address in brackets");
            }
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    if host.is_empty() {
        return Some("has no host");
    }
    if host.contains(['/', '@']) {
        return Some("is not host:port");
    }
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    if port.is_some_and(|port| !is_port(port)) { Some("has no port from 1 to 65535 after the colon") } else { None }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn addresses_are_hosts_with_ports() {
        for list in [
            "localhost:9092",
            "broker.example.com",
            "a:1, b_c-d.e:65535,,127.0.0.1:9092,",
            "PLAINTEXT://a:1,sasl_ssl://b:2",
            "[::1]:9092,[fe80::1%eth0]:1,[::1]",
        ] {
            assert_eq!(check(list), Ok(()), "{list}");
        }
        for (list, problem) in [
            ("localhost:abc", "`localhost:abc` has no port from 1 to 65535 after the colon"),
            ("a:1,127.0.0.1:99999", "`127.0.0.1:99999` has no port from 1 to 65535 after the colon"),
            ("127.0.0.1:", "`127.0.0.1:` has no port from 1 to 65535 after the colon"),
            ("a:0", "`a:0` has no port from 1 to 65535 after the colon"),
            ("a:+1", "`a:+1` has no port from 1 to 65535 after the colon"),
            ("http://localhost:9092", "`http://localhost:9092` has a protocol that is not Kafka's; write host:port"),
            ("a:b:9092", "`a:b:9092` has more than one colon; write an IPv6 address in brackets"),
            ("::1", "`::1` has more than one colon; write an IPv6 address in brackets"),
            ("h1:1 h2:2", "`h1:1 h2:2` has a blank; addresses are separated by commas"),
            (":9092", "`:9092` has no host"),
            ("[::1:9092", "`[::1:9092` is not host:port"),
            ("a/b:9092", "`a/b:9092` is not host:port"),
            ("ssl://user:secret@a:1", "an address has more than one colon; write an IPv6 address in brackets"),
        ] {
            assert_eq!(check(list), Err(problem.to_owned()));
        }
    }
}
