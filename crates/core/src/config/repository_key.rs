//! Which repository an approval is for. Two repositories must never have one key: the authority of an address is told
//! from its path first, and an address that programs could read in two ways is not used at all.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The key of a repository: its remote's address without credentials, default port, final slash and `.git`, or, when
/// there is no address that names one place, its common directory.
///
/// `git@host:path` and `ssh://host/path` are the same. A user other than `git` stays in an SSH key, because paths can be
/// relative to that user's home.
pub fn repository_key(url: Option<&str>, common_dir: &Path) -> String {
    url.and_then(address).unwrap_or_else(|| format!("path:{}", escaped(common_dir.as_os_str().as_bytes())))
}

fn address(url: &str) -> Option<String> {
    let strange = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '\u{fffd}');
    if url.contains(strange) {
        return None;
    }
    match url.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => of_url(&scheme.to_ascii_lowercase(), rest),
        _ if url.starts_with('/') => Some(format!("file://{}", trimmed(url))),
        _ => of_scp(url),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn of_url(scheme: &str, rest: &str) -> Option<String> {
    let scheme = if matches!(scheme, "git+ssh" | "ssh+git") { "ssh" } else { scheme };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if scheme == "file" {
        let here = authority.is_empty() || authority.eq_ignore_ascii_case("localhost");
        return here.then(|| format!("file://{}", trimmed(path)));
    }
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host, ""),
    };
    let is_port = port.chars().all(|c| c.is_ascii_digit());
    let port = if is_default_port(scheme, port) { String::new() } else { format!(":{port}") };
    let place = format!("{}{}{port}", user_of(scheme, user)?, host_of(host)?);
    is_port.then(|| format!("{scheme}://{place}/{}", trimmed(path)))
}

/// `git@host:path`, by Git's own rule: a colon before any slash.
fn of_scp(url: &str) -> Option<String> {
    let (authority, path) = url.split_once(':').filter(|(authority, _)| !authority.contains('/'))?;
    // `ext::command` names a helper, not a host.
    if path.starts_with(':') {
        return None;
    }
    of_url("ssh", &format!("{authority}/{path}"))
}

/// The part of a key that names the user. More than one `@` is read differently by different programs.
fn user_of(scheme: &str, user: &str) -> Option<String> {
    let name = user.split(':').next().unwrap_or_default();
    match (user.contains('@'), scheme) {
        (true, _) => None,
        (false, "ssh") if !name.is_empty() && name != "git" => Some(format!("{}@", escaped(name.as_bytes()))),
        (false, _) => Some(String::new()),
    }
}

fn host_of(host: &str) -> Option<String> {
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let right = match inside {
        Some(number) => number.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.')),
        None => host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')),
    };
    (right && !host.is_empty() && !host.starts_with('-')).then(|| host.to_ascii_lowercase())
}

fn is_default_port(scheme: &str, port: &str) -> bool {
    port.is_empty()
        || matches!((scheme, port), ("ssh", "22") | ("https", "443") | ("http", "80") | ("git", "9418"))
}

fn trimmed(path: &str) -> String {
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    escaped(path.trim_matches('/').as_bytes())
}

/// Bytes as printable ASCII, two different texts never alike.
fn escaped(bytes: &[u8]) -> String {
    let byte = |byte: &u8| match byte {
        b'%' => "%25".to_owned(),
        b'!'..=b'~' => char::from(*byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    bytes.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(url: &str) -> String {
        repository_key(Some(url), Path::new("/home/me/shop/.git"))
    }

    #[test]
    fn one_repository_has_one_key() {
        for url in [
            "git@github.com:acme/shop.git",
            "github.com:acme/shop",
            "ssh://git@github.com/acme/shop.git",
            "ssh://git@GitHub.com:22/acme/shop/",
            "git+ssh://github.com/acme/shop.git/",
            "git@github.com:/acme/shop.git",
        ] {
            assert_eq!(key(url), "ssh://github.com/acme/shop", "{url}");
        }
        for url in ["https://me:token@host:443/a/b.git", "HTTPS://host/a/b", "https://token@HOST/a/b/"] {
            assert_eq!(key(url), "https://host/a/b", "{url}");
        }
        assert_eq!(key("/srv/git/shop.git"), key("file:///srv/git/shop/"));
    }

    #[test]
    fn nobody_borrows_anothers_key() {
        let shop = key("https://github.com/acme/shop");
        for url in [
            "ssh://git@attacker/...@github.com/acme/shop",
            "https://attacker/@github.com/acme/shop",
            "https://attacker?@github.com/acme/shop",
            "https://attacker#@github.com/acme/shop",
            "https://attacker\\@github.com/acme/shop",
            "https://me@attacker@github.com/acme/shop",
            "https://github.com:444/acme/shop",
            "https://github.com.attacker/acme/shop",
            "https://github.com%2f@attacker/acme/shop",
            "http://github.com/acme/shop",
            "https://github.com/acme/shop?x",
            "https://github.com/acme%2Fshop",
            "https:/github.com/acme/shop",
            "path:https://github.com/acme/shop",
            "ext::https://github.com/acme/shop",
        ] {
            assert_ne!(key(url), shop, "{url}");
        }
        assert_ne!(key("bob@host:shop"), key("eve@host:shop"));
        assert_ne!(key("git@attacker:x@github.com:acme/shop"), key("git@github.com:acme/shop"));
    }

    #[test]
    fn what_names_no_place_is_known_by_its_folder() {
        let own = "path:/home/me/shop/.git";
        assert_eq!(repository_key(None, Path::new("/home/me/shop/.git")), own);
        for url in [
            "../shop",
            "shop",
            "",
            "ext::sh -c x",
            "https://",
            "ssh://-oProxyCommand=x/y",
            "a\nb:c",
            "\u{fffd}:x",
        ] {
            assert_eq!(key(url), own, "{url}");
        }
    }

    #[test]
    fn folders_are_told_apart_by_their_bytes() {
        let of = |bytes: &[u8]| repository_key(None, Path::new(std::ffi::OsStr::from_bytes(bytes)));
        assert_eq!(of(b"/a b\xff%"), "path:/a%20b%FF%25");
        assert_ne!(of(b"/a\xff"), of(b"/a\xfe"));
        assert_ne!(of(b"/a%20b"), of(b"/a b"));
    }

    proptest! {
        #[test]
        fn credentials_never_get_into_a_key(
            user in "[a-z]{1,8}", secret in "[A-Z0-9]{12,20}", host in "[a-z]{1,9}", path in "[a-z/]{1,20}",
        ) {
            for scheme in ["https", "ssh", "git"] {
                let key = key(&format!("{scheme}://{user}:{secret}@{host}/{path}"));
                prop_assert!(!key.contains(&secret), "{}", key);
            }
        }

        #[test]
        fn the_host_of_a_key_is_the_host_of_the_address(host in "[a-z]{1,9}", rest in "/[ -~]{0,40}") {
            let key = key(&format!("https://{host}{rest}"));
            prop_assert!(key.starts_with(&format!("https://{host}/")) || key.starts_with("path:"), "{}", key);
        }

        #[test]
        fn any_address_has_a_printable_key(url in any::<String>()) {
            let key = key(&url);
            prop_assert!(key.bytes().all(|byte| (b'!'..=b'~').contains(&byte)), "{}", key);
        }
    }
}
