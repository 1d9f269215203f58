//! How connections are made: time limits, proxies, and whose certificates are believed.

use std::path::Path;

use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::Patience;
use crate::env::Environment;
use crate::forge::address::Address;

/// Variables that name a file of certificates, as Git and curl read them.
const CERTIFICATES: &[&str] = &["GIT_SSL_CAINFO", "CURL_CA_BUNDLE", "SSL_CERT_FILE"];

/// A pool of connections. Answers of any status are answers; redirects are for the caller to follow.
pub(super) fn agent(env: &Environment, base: &Address, patience: Patience) -> Agent {
    let tls = TlsConfig::builder().root_certs(roots(env)).build();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(proxy(env, base))
        .tls_config(tls)
        .timeout_connect(Some(patience.connect))
        .timeout_global(Some(patience.total))
        .user_agent(concat!("git-hotfix/", env!("CARGO_PKG_VERSION")))
        .build();
    config.into()
}

/// Those of a file the user names, as a company's own forge may need it, else those the system believes.
fn roots(env: &Environment) -> RootCerts {
    let named = CERTIFICATES.iter().find_map(|name| env.get(name));
    match named.and_then(|path| read_certificates(path.as_ref())) {
        Some(certificates) => RootCerts::new_with_certs(&certificates),
        None => RootCerts::PlatformVerifier,
    }
}

fn read_certificates(path: &Path) -> Option<Vec<Certificate<'static>>> {
    let bytes = std::fs::read(path).ok()?;
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    let certificates: Vec<_> = parse_pem(&bytes).filter_map(certificate).collect();
    (!certificates.is_empty()).then_some(certificates)
}

fn proxy(env: &Environment, base: &Address) -> Option<ureq::Proxy> {
    if base.is_loopback() || is_excepted(env, &base.host) {
        return None;
    }
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let named = names.iter().find_map(|name| env.get(name))?.to_str()?;
    ureq::Proxy::new(named).ok()
}

/// Whether `NO_PROXY` names the host, or a domain it is in.
fn is_excepted(env: &Environment, host: &str) -> bool {
    let list = ["NO_PROXY", "no_proxy"].iter().find_map(|name| env.get(name)).unwrap_or_default();
    let list = list.to_string_lossy();
    let mut entries =
        list.split(',').map(|entry| entry.trim().trim_start_matches("*.").trim_start_matches('.'));
    entries.any(|entry| {
        let is_domain = || host.strip_suffix(entry).is_some_and(|rest| rest.ends_with('.'));
        entry == "*" || (!entry.is_empty() && (entry.eq_ignore_ascii_case(host) || is_domain()))
    })
}
