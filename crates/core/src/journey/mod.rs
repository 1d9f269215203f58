//! What spans several steps: ship, status, list, log, resume, undo, owed.
