//! The bytes of a file: where they come from, what they are packed in, and which characters they are.

pub mod archive;
pub mod code_pages;
pub mod decode;
pub mod line_ends;
pub mod pieces;
pub mod source;
