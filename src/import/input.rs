//! The bytes of a file: their source, compression and encoding.

pub mod archive;
pub mod code_pages;
pub mod decode;
pub mod line_ends;
pub mod pieces;
pub mod source;
