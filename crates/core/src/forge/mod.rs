//! Where the fix is delivered: one file per forge behind one trait.
