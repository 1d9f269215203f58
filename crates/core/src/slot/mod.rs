//! Slots and twins: recycled worktrees at fixed paths.
