//! Aligned pipe tables (Markdown), read and written.
