//! The proof: which part of a change is tests, and what two sides show together.
