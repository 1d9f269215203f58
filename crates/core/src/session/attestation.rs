//! The proof put into the record in the form that other tools read, signed if the user signs.

use hotfix_model::Record;
use hotfix_model::attestation::{Envelope, EnvelopeSignature, Statement};

use super::project::CONFIG_FILE;
use super::{EvidenceFiles, Project, oid};
use crate::error::Result;
use crate::git::{Signer, to_base64};
use crate::proof::{self, Subject};
use crate::record::Stored;

/// Name of the file of evidence that holds both envelopes.
pub const BUNDLE: &str = "proof.intoto.jsonl";

impl Project {
    /// What the record's proof says of base and of the fix; `None` unless it is committed and proven.
    pub fn statements(&self, record: &Record) -> Result<Option<[Statement; 2]>> {
        let (Some(proof), Some(commit)) = (&record.proof, &record.commit) else { return Ok(None) };
        let green = proof.green.as_ref().map(|green| green.tree.as_str());
        // A commit hook may have changed the files: then what was tested is not this commit.
        if green != Some(self.repository.tree_of(&oid(commit)?)?.as_str()) {
            return Ok(None);
        }
        let base = record.base.commit.as_str();
        let tests = proof.test_files.iter().filter(|path| !path.contains('\n'));
        let wanted: Vec<(&str, &str)> =
            tests.map(|path| (commit.as_str(), path.as_str())).chain([(base, CONFIG_FILE)]).collect();
        let names: Vec<String> = wanted.iter().map(|(commit, path)| format!("{commit}:{path}")).collect();
        let found = self.repository.read_objects(&names)?;
        let files = wanted.iter().zip(found);
        let files =
            files.filter_map(|((_, path), object)| Some(((*path).to_owned(), object?.oid.to_string())));
        let subject = Subject { id: &record.id, base, commit, files: files.collect() };
        Ok(proof::statements(proof, &subject))
    }

    /// The file of evidence that goes with a proven fix; none if there is nothing to say. A signature that cannot be
    /// made is said and holds up nothing.
    pub fn attest(&self, record: &Record) -> Result<EvidenceFiles> {
        let Some(statements) = self.statements(record)? else { return Ok(EvidenceFiles::new()) };
        let signer = self.repository.signer()?;
        let mut envelopes = Vec::new();
        for statement in &statements {
            let Ok(mut envelope) = proof::enclosed(statement) else { return Ok(EvidenceFiles::new()) };
            envelope.signatures = self.signed(&signer, &record.id, &envelope)?;
            envelopes.push(envelope);
        }
        let bundle = proof::bundle(&envelopes).ok();
        Ok(bundle.map(|bundle| (BUNDLE.to_owned(), bundle)).into_iter().collect())
    }

    /// The same, unless the record has it already for this very proof.
    pub fn attest_if_missing(&self, stored: &Stored) -> Result<EvidenceFiles> {
        let Some(statements) = self.statements(&stored.record)? else { return Ok(EvidenceFiles::new()) };
        let known = self.envelopes(stored)?;
        let says = |(envelope, statement): (&Envelope, &Statement)| {
            proof::payload(envelope) == serde_json::to_vec(statement).ok()
        };
        let is_there = known.len() == statements.len() && known.iter().zip(&statements).all(says);
        if is_there { Ok(EvidenceFiles::new()) } else { self.attest(&stored.record) }
    }

    /// The envelopes that a record holds; none if it has no such file, or one that cannot be read.
    pub fn envelopes(&self, stored: &Stored) -> Result<Vec<Envelope>> {
        let bundle = self.store().evidence(stored, BUNDLE)?;
        Ok(bundle.and_then(|bundle| proof::unbundle(&bundle)).unwrap_or_default())
    }

    fn signed(&self, signer: &Signer, id: &str, envelope: &Envelope) -> Result<Vec<EnvelopeSignature>> {
        let payload = proof::payload(envelope).unwrap_or_default();
        let text = proof::pre_authentication_encoding(&envelope.payload_type, &payload);
        let signature = match self.repository.sign(signer, &text, &self.run_dir(id)?) {
            Ok(signature) => signature,
            Err(why) => {
                self.ctx().warn(format!("the proof is not signed: {why}"));
                None
            }
        };
        let signature = signature.map(|signature| EnvelopeSignature {
            keyid: signature.key,
            sig: to_base64(signature.text.as_bytes()),
            format: signature.format,
        });
        Ok(signature.into_iter().collect())
    }

    /// Whether both commits of a record are in this clone.
    pub fn has_commits(&self, record: &Record) -> Result<bool> {
        let Some(commit) = &record.commit else { return Ok(false) };
        let names = [oid(&record.base.commit)?.to_string(), oid(commit)?.to_string()];
        Ok(self.repository.read_objects(&names)?.iter().all(Option::is_some))
    }
}
