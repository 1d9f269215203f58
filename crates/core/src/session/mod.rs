//! An opened repository with its configuration and the hotfix at hand.
