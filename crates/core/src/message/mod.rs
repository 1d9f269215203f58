//! Words that leave the machine: commit messages, merge request texts, and the scan for secrets in them.
