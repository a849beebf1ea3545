//! CSV and TSV, read with the quotes remembered, and written.
