//! An adapter, a merge request to be, and a server that answers as its documents say.

use hotfix_core::forge::address::Address;
use hotfix_core::forge::detect::{Kind, Site};
use hotfix_core::forge::token::Token;
use hotfix_core::forge::{Connection, Draft, Whereabouts};
use hotfix_core::git::Oid;
use hotfix_model::Record;
use hotfix_model::config::MergeMode;
use hotfix_testkit::{Responder, Sandbox, Web};

pub struct Desk {
    pub sandbox: Sandbox,
    pub record: Record,
    pub commit: Oid,
}

impl Desk {
    /// A hotfix whose commit is that of main: no adapter looks into it.
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let responder = Responder::at(&sandbox, repo.path());
        responder.start("Wrong totals");
        let record = responder.record();
        let commit = Oid::parse(&repo.head()).unwrap();
        Self { sandbox, record, commit }
    }

    /// What an adapter is made of, for a repository of this path on a server.
    pub fn connection(kind: Kind, web: &Web, path: &str) -> Connection {
        let address = Address::parse(&web.url()).unwrap();
        let site = Site {
            kind,
            remote: address.clone(),
            pages: address.clone(),
            api: address,
            path: path.to_owned(),
            how: "a test",
        };
        Connection { site, token: Token::new("t0ken-of-no-shape", "127.0.0.1", "a test") }
    }

    pub fn draft(&self) -> Draft<'_> {
        Draft {
            record: &self.record,
            commit: &self.commit,
            title: "fix: totals".to_owned(),
            description: "Proof".to_owned(),
            labels: vec!["urgent".to_owned()],
            reviewers: Vec::new(),
            is_draft: false,
            merge: MergeMode::Auto,
            break_glass: None,
        }
    }

    pub fn at(&self) -> Whereabouts<'_> {
        Whereabouts {
            number: Some(7),
            branch: self.record.branch_name(),
            target: &self.record.target,
            commit: &self.commit,
        }
    }
}
