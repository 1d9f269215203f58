//! The proof as two in-toto statements, and their envelopes.

use std::collections::BTreeMap;

use hotfix_model::attestation::{
    Envelope, PAYLOAD, Resource, STATEMENT, Statement, TEST_RESULT, TestResult, TestResultPredicate,
};
use hotfix_model::{Proof, ProofVerdict};

use crate::git::{of_base64, to_base64};

/// What the statements are about.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The hotfix.
    pub id: &'a str,
    /// The commit it starts from.
    pub base: &'a str,
    /// The commit of the fix.
    pub commit: &'a str,
    /// Test files and configuration, by path: their blobs.
    pub files: Vec<(String, String)>,
}

/// Base failed, the fix passed. `None` unless it is proven.
pub fn statements(proof: &Proof, subject: &Subject<'_>) -> Option<[Statement; 2]> {
    let (red, green) = (proof.red.as_ref()?, proof.green.as_ref()?);
    let of = |result, commit: &str, tree: &str, tests: &[String]| {
        let (passed, failed) = match result {
            TestResult::Passed => (tests.to_vec(), Vec::new()),
            TestResult::Failed => (Vec::new(), tests.to_vec()),
        };
        Statement {
            kind: STATEMENT.to_owned(),
            subject: vec![named(&format!("hotfix/{}", subject.id), "gitCommit", commit)],
            predicate_type: TEST_RESULT.to_owned(),
            predicate: TestResultPredicate {
                result,
                configuration: configuration(proof, subject, tree),
                passed_tests: passed,
                failed_tests: failed,
            },
        }
    };
    (proof.verdict == ProofVerdict::Proven).then(|| {
        [
            of(TestResult::Failed, subject.base, &red.tree, &red.tests),
            of(TestResult::Passed, subject.commit, &green.tree, &green.tests),
        ]
    })
}

fn configuration(proof: &Proof, subject: &Subject<'_>, tree: &str) -> Vec<Resource> {
    let mut resources = vec![named("tested files", "gitTree", tree)];
    resources.extend(subject.files.iter().map(|(path, blob)| named(path, "gitBlob", blob)));
    resources.push(holding("command", &serde_json::to_vec(&proof.command).unwrap_or_default()));
    resources.push(holding("runner", proof.runner.as_bytes()));
    let machine = proof.machine.as_ref().and_then(|machine| serde_json::to_vec(machine).ok());
    resources.extend(machine.map(|machine| holding("machine", &machine)));
    resources
}

fn named(name: &str, algorithm: &str, digest: &str) -> Resource {
    let digest = BTreeMap::from([(algorithm.to_owned(), digest.to_owned())]);
    Resource { name: name.to_owned(), digest, content: None }
}

fn holding(name: &str, content: &[u8]) -> Resource {
    Resource { name: name.to_owned(), digest: BTreeMap::new(), content: Some(to_base64(content)) }
}

/// A statement in an envelope that nobody has signed yet.
pub fn enclosed(statement: &Statement) -> Result<Envelope, serde_json::Error> {
    let payload = to_base64(&serde_json::to_vec(statement)?);
    Ok(Envelope { payload_type: PAYLOAD.to_owned(), payload, signatures: Vec::new() })
}

/// The bytes of what is in an envelope; `None` if it is not base64.
pub fn payload(envelope: &Envelope) -> Option<Vec<u8>> {
    of_base64(&envelope.payload)
}

/// What is signed: type and payload with their lengths, so that neither can pass for the other (DSSE, "PAE").
pub fn pre_authentication_encoding(kind: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// Envelopes as a file, one a line: an in-toto bundle.
pub fn bundle(envelopes: &[Envelope]) -> Result<Vec<u8>, serde_json::Error> {
    let lines = envelopes.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    Ok((lines.join("\n") + "\n").into_bytes())
}

/// The envelopes of a bundle; `None` if a line is none, or is not written as [`bundle`] writes it.
pub fn unbundle(bytes: &[u8]) -> Option<Vec<Envelope>> {
    let lines = std::str::from_utf8(bytes).ok()?.lines();
    let envelopes: Vec<Envelope> =
        lines.map(|line| serde_json::from_str(line).ok()).collect::<Option<_>>()?;
    (bundle(&envelopes).ok()? == bytes).then_some(envelopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_that_of_the_standard() {
        // The example of the DSSE protocol's own page.
        let encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn only_what_was_written_so_is_a_bundle() {
        let envelope =
            Envelope { payload_type: PAYLOAD.to_owned(), payload: "e30=".to_owned(), signatures: Vec::new() };
        let bytes = bundle(&[envelope.clone(), envelope]).unwrap();
        assert_eq!(unbundle(&bytes).map(|envelopes| envelopes.len()), Some(2));
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            let read = unbundle(&other);
            assert!(read.is_none_or(|read| read != unbundle(&bytes).unwrap()), "byte {at}");
        }
    }
}
