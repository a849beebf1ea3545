-- The same bytes read with other options are another load: a file is known again by both. A part of a file, such as its
-- second result or one sheet, is an export of its own; its chatdb_export.sha256 is of the file's hash and the part.
CREATE TABLE chatdb_export_reading (
    export_id     INTEGER PRIMARY KEY REFERENCES chatdb_export,
    reading       NVARCHAR(4000) NOT NULL    -- the options with which it was read, as on the command line
);
