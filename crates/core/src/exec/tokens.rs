//! The shapes of well-known secrets. One list for both readers: [`super::redact()`] hides them in what is shown and
//! recorded, the scan in `message` finds them in what is about to be pushed.
//!
//! Sources: the issuers' own documents on their token formats, checked against the rules of gitleaks.

use std::ops::Range;
use std::sync::OnceLock;

use regex_lite::Regex;

/// The shape of one kind of secret.
struct Shape {
    /// What it is, for people.
    kind: &'static str,
    /// Text in which none of these occurs holds no such secret. Cheap to look for.
    literals: &'static [&'static str],
    /// A group, if there is one, is the secret itself; else the whole match is.
    pattern: &'static str,
    regex: OnceLock<Option<Regex>>,
}

/// A secret found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is, for people.
    pub kind: &'static str,
    /// Where the match is, with the name or prefix that gives it away.
    pub whole: Range<usize>,
    /// Where the secret itself is.
    pub secret: Range<usize>,
}

const fn shape(kind: &'static str, literals: &'static [&'static str], pattern: &'static str) -> Shape {
    Shape { kind, literals, pattern, regex: OnceLock::new() }
}

static SHAPES: [Shape; 40] = [
    shape("GitHub token", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"\bgh[pousr]_[A-Za-z0-9]{36,}"),
    shape("GitHub token", &["github_pat_"], r"\bgithub_pat_[A-Za-z0-9_]{60,}"),
    shape(
        "GitLab token",
        &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-", "glimt-", "gloas-"],
        r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt|oas)-[\w.-]{20,}",
    ),
    shape("AWS access key", &["AKIA", "ASIA"], r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    shape(
        "AWS secret key",
        &["ecretAccessKey", "ecret_access_key", "ECRET_ACCESS_KEY"],
        r#"(?i)secret_?access_?key["']?\]?\s*[:=>,]+\s*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
    ),
    shape("Google API key", &["AIza"], r"\bAIza[\w-]{35}"),
    shape("Google OAuth secret", &["GOCSPX-"], r"\bGOCSPX-[\w-]{28}"),
    shape("Google access token", &["ya29."], r"\bya29\.[\w-]{30,}"),
    shape("Slack token", &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe", "xapp-"], SLACK),
    shape(
        "Slack webhook",
        &["hooks.slack.com/"],
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Z0-9]{8,}/[A-Z0-9]{8,}/[A-Za-z0-9]{20,})",
    ),
    shape("Stripe key", &["sk_live_", "rk_live_"], r"\b[sr]k_live_[A-Za-z0-9]{16,}"),
    shape("Stripe webhook secret", &["whsec_"], r"\bwhsec_[A-Za-z0-9+/]{32,}"),
    shape("Twilio API key", &["SK"], r"\bSK[0-9a-f]{32}\b"),
    shape("SendGrid key", &["SG."], r"\bSG\.[\w-]{20,24}\.[\w-]{39,50}"),
    shape("Mailgun key", &["key-"], r"\bkey-[0-9a-f]{32}\b"),
    shape("npm token", &["npm_"], r"\bnpm_[A-Za-z0-9]{36}\b"),
    shape("npm token", &["_authToken="], r"_authToken=([A-Za-z0-9+/_=-]{24,})"),
    shape("PyPI token", &["pypi-Ag"], r"\bpypi-Ag[\w-]{50,}"),
    shape("RubyGems key", &["rubygems_"], r"\brubygems_[a-f0-9]{48}\b"),
    shape("crates.io token", &["cio"], r"\bcio[A-Za-z0-9]{32}\b"),
    shape("Docker token", &["dckr_pat_", "dckr_oat_"], r"\bdckr_[po]at_[\w-]{20,}"),
    shape("Hugging Face token", &["hf_"], r"\bhf_[A-Za-z0-9]{34,40}\b"),
    shape("OpenAI key", &["sk-proj-", "sk-svcacct-", "sk-admin-"], r"\bsk-(?:proj|svcacct|admin)-[\w-]{40,}"),
    shape("OpenAI key", &["T3BlbkFJ"], r"\bsk-[\w-]{20,}T3BlbkFJ[\w-]{20,}"),
    shape("OpenAI key", &["sk-"], r"\bsk-[A-Za-z0-9]{48}\b"),
    shape("Anthropic key", &["sk-ant-"], r"\bsk-ant-[\w-]{40,}"),
    shape("Azure storage key", &["AccountKey="], r"AccountKey=([A-Za-z0-9+/]{86}==)"),
    shape(
        "Azure client secret",
        &["Q~"],
        r"(?:^|[\s\x22'=:(])([\w.~-]{3}\dQ~[\w.~-]{31,34})(?:$|[\s\x22'),;])",
    ),
    shape("DigitalOcean token", &["dop_v1_", "doo_v1_", "dor_v1_"], r"\bdo[por]_v1_[a-f0-9]{64}\b"),
    shape(
        "Shopify token",
        &["shpat_", "shpca_", "shppa_", "shpss_"],
        r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b",
    ),
    shape("Databricks token", &["dapi"], r"\bdapi[a-f0-9]{32}\b"),
    shape("Vault token", &["hvs.", "hvb."], r"\bhv[sb]\.[\w-]{60,}"),
    shape("Terraform token", &[".atlasv1."], r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}"),
    shape("Grafana token", &["glsa_", "glc_"], r"\bgl(?:sa|c)_[A-Za-z0-9+/=_]{32,}"),
    shape("Linear key", &["lin_api_"], r"\blin_api_[A-Za-z0-9]{40}\b"),
    shape("Postman key", &["PMAK-"], r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b"),
    shape("age secret key", &["AGE-SECRET-KEY-1"], r"\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b"),
    shape("Telegram bot token", &[":AA"], r"\b\d{8,10}:AA[\w-]{33}\b"),
    shape(
        "Discord webhook",
        &["/api/webhooks/"],
        r"discord(?:app)?\.com/api/webhooks/(\d{17,20}/[\w-]{60,})",
    ),
    shape("JSON web token", &["eyJ"], r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}"),
];

const SLACK: &str =
    r"\bxox[bpars]-[A-Za-z0-9-]{20,}|\bxoxe(?:\.xox[bp])?-\d-[A-Za-z0-9-]{20,}|\bxapp-\d-[A-Za-z0-9-]{20,}";

/// Every secret of a known shape, kind by kind. No secret spans lines.
pub fn find(text: &str) -> Vec<Found> {
    SHAPES.iter().flat_map(|shape| shape.find(text)).collect()
}

impl Shape {
    /// The pattern is slow, so it only sees lines that hold a literal.
    fn find(&'static self, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        for literal in self.literals {
            let mut from = 0;
            while let Some(at) = text.get(from..).and_then(|rest| rest.find(literal)) {
                let line = line_around(text, from + at);
                self.find_in_line(text, line.clone(), &mut found);
                from = line.end.max(from + at + literal.len());
            }
        }
        found
    }

    fn find_in_line(&'static self, text: &str, line: Range<usize>, found: &mut Vec<Found>) {
        let shift = |range: Range<usize>| range.start + line.start..range.end + line.start;
        let Some((regex, text)) = self.regex().zip(text.get(line.clone())) else { return };
        for captures in regex.captures_iter(text) {
            let Some(whole) = captures.get(0) else { continue };
            let secret = captures.get(1).unwrap_or(whole);
            let (whole, secret) = (shift(whole.range()), shift(secret.range()));
            found.push(Found { kind: self.kind, whole, secret });
        }
    }

    fn regex(&'static self) -> Option<&'static Regex> {
        self.regex.get_or_init(|| Regex::new(self.pattern).ok()).as_ref()
    }
}

/// The line that holds a position.
fn line_around(text: &str, at: usize) -> Range<usize> {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let end = text.get(at..).and_then(|after| after.find('\n')).map_or(text.len(), |newline| at + newline);
    start..end
}

#[cfg(test)]
mod tests {
    use super::SHAPES;

    #[test]
    fn every_pattern_is_a_pattern() {
        for shape in &SHAPES {
            assert!(shape.regex().is_some(), "{}: {}", shape.kind, shape.pattern);
            assert!(!shape.literals.is_empty() && shape.literals.iter().all(|literal| literal.len() > 1));
        }
    }
}
