//! Records from files, for `replay`.
