//! Addresses of remotes and APIs, in all the forms Git takes.

use std::fmt;

/// An address with its parts: of a remote, or of an API.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// `https`, `http` or `ssh`.
    pub scheme: String,
    /// Name of the user, if the address holds one.
    pub user: Option<String>,
    /// Password or token, if the address holds one. Never shown.
    pub(super) password: Option<String>,
    /// The host, lower-case, without a port.
    pub host: String,
    /// The port, if the address names one.
    pub port: Option<u16>,
    /// What follows, without a slash at either end.
    pub path: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.printed())
    }
}

impl Address {
    /// Reads an address. `None` for paths of this machine, `file://`, `git://`, and what is no address at all.
    pub fn parse(text: &str) -> Option<Self> {
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return None;
        }
        match text.split_once("://") {
            Some((scheme, rest)) => Self::of_url(&scheme.to_ascii_lowercase(), rest),
            None => Self::of_scp(text),
        }
    }

    fn of_url(scheme: &str, rest: &str) -> Option<Self> {
        let scheme = match scheme {
            "https" | "http" | "ssh" => scheme,
            "git+ssh" | "ssh+git" => "ssh",
            _ => return None,
        };
        // The authority ends where the path begins, so that `ssh://git@evil/@github.com/…` is evil's.
        let (authority, path) = rest.split_once(['/', '?', '#']).unwrap_or((rest, ""));
        let (userinfo, place) = match authority.rsplit_once('@') {
            Some((userinfo, place)) => (Some(userinfo), place),
            None => (None, authority),
        };
        let (host, port) = host_and_port(place)?;
        let (user, password) = match userinfo.map(|info| info.split_once(':').unwrap_or((info, ""))) {
            Some((user, password)) => (filled(user), filled(password)),
            None => (None, None),
        };
        Some(Self { scheme: scheme.to_owned(), user, password, host, port, path: trimmed(path) })
    }

    /// `git@host:owner/name.git`. A slash before the colon makes it a path of this machine.
    fn of_scp(text: &str) -> Option<Self> {
        let (place, path) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once("]:")?,
            None => text.split_once(':')?,
        };
        if place.contains('/') || path.is_empty() || place.is_empty() {
            return None;
        }
        let (user, host) = match place.rsplit_once('@') {
            Some((user, host)) => (filled(user), host),
            None => (None, place),
        };
        let (host, port) = host_and_port(host)?;
        let scheme = "ssh".to_owned();
        Some(Self { scheme, user, password: None, host, port, path: trimmed(path) })
    }

    /// Whether it is this very machine.
    pub fn is_loopback(&self) -> bool {
        matches!(self.host.as_str(), "localhost" | "::1")
            || self.host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }

    /// Scheme, host and port: what a token is bound to.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.shown())
    }

    /// Host and port, for people.
    pub fn shown(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }

    /// The whole address without user and password, without a slash at its end.
    pub fn printed(&self) -> String {
        match self.path.is_empty() {
            true => self.origin(),
            false => format!("{}/{}", self.origin(), self.path),
        }
    }

    /// The pages of the same host: `https`, unless the remote itself is reached by HTTP. A port of ssh says nothing of
    /// them.
    #[must_use]
    pub fn pages(&self) -> Self {
        let is_web = self.scheme != "ssh";
        Self {
            scheme: if is_web { self.scheme.clone() } else { "https".to_owned() },
            user: None,
            password: None,
            host: self.host.clone(),
            port: self.port.filter(|_| is_web),
            path: String::new(),
        }
    }

    /// The same host at another path.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        Self { path: trimmed(path), ..self.clone() }
    }
}

fn host_and_port(place: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = match port.filter(|port| !port.is_empty()) {
        Some(port) => Some(port.parse().ok()?),
        None => None,
    };
    let usual = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
    let is_host = !host.is_empty() && !host.starts_with('-') && host.chars().all(usual);
    is_host.then(|| (host.to_ascii_lowercase(), port))
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| decoded(text))
}

/// `%40` as `@`.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(byte) = bytes.get(index) {
        let digits = text.get(index + 1..index + 3).filter(|_| *byte == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                plain.push(value);
                index += 3;
            }
            None => {
                plain.push(*byte);
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn trimmed(path: &str) -> String {
    path.trim_matches('/').to_owned()
}

/// Text as one part of a path or query: everything but letters, digits and `-._~` as `%xx` (RFC 3986).
pub fn encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(String, String, Option<u16>, String)> {
        Address::parse(text).map(|found| (found.scheme, found.host, found.port, found.path))
    }

    fn is(scheme: &str, host: &str, port: Option<u16>, path: &str) -> (String, String, Option<u16>, String) {
        (scheme.to_owned(), host.to_owned(), port, path.to_owned())
    }

    #[test]
    fn all_forms_of_git_are_read() {
        assert_eq!(parts("https://GitHub.com/o/r.git"), Some(is("https", "github.com", None, "o/r.git")));
        assert_eq!(parts("https://u:p@h.x:8443/a/b/"), Some(is("https", "h.x", Some(8443), "a/b")));
        assert_eq!(parts("git@h.x:o/r.git"), Some(is("ssh", "h.x", None, "o/r.git")));
        assert_eq!(parts("ssh://git@h.x:2222/o/r"), Some(is("ssh", "h.x", Some(2222), "o/r")));
        assert_eq!(parts("[git@h.x:2222]:o/r"), Some(is("ssh", "h.x", Some(2222), "o/r")));
        assert_eq!(parts("http://[::1]:3000/o/r"), Some(is("http", "::1", Some(3000), "o/r")));
        assert_eq!(
            parts("ssh://git@evil.x/@github.com/o/r"),
            Some(is("ssh", "evil.x", None, "@github.com/o/r"))
        );
    }

    #[test]
    fn what_is_on_this_machine_has_no_address() {
        for path in
            ["/srv/r.git", "../r", "./a:b", "file:///srv/r", "C", "git://h/r", "ext::sh -c id", "-h:x/y"]
        {
            assert_eq!(parts(path), None, "{path}");
        }
    }

    #[test]
    fn neither_user_nor_password_is_shown() {
        let address = Address::parse("https://me:s3cret%40@h.x/o/r").unwrap();
        assert_eq!((address.password.as_deref(), address.user.as_deref()), (Some("s3cret@"), Some("me")));
        assert_eq!(format!("{address:?} {}", address.printed()), "https://h.x/o/r https://h.x/o/r");
    }

    #[test]
    fn parts_of_paths_are_encoded() {
        assert_eq!(encoded("group/sub group/ä#?"), "group%2Fsub%20group%2F%C3%A4%23%3F");
    }
}
