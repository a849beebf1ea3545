-- What the values of a column are that the product's schema does not have, counted over the whole file. A column is of
-- one kind where all values of all exports are.
CREATE TABLE chatdb_export_values (
    export_id     INTEGER NOT NULL REFERENCES chatdb_export,
    position      INTEGER NOT NULL,          -- in the file, from 1
    integers      INTEGER NOT NULL,
    decimals      INTEGER NOT NULL,          -- numbers with a fraction
    days          INTEGER NOT NULL,          -- without a time
    times         INTEGER NOT NULL,          -- with one
    other_times   INTEGER NOT NULL,          -- of these, in another form than the one that times are stored in
    texts         INTEGER NOT NULL,
    like_numbers  INTEGER NOT NULL,          -- of these, numbers in another spelling
    blanks        INTEGER NOT NULL,
    whole         INTEGER NOT NULL,          -- the most digits before a point
    fraction      INTEGER NOT NULL,          -- and after one
    of_second     INTEGER NOT NULL,          -- the most digits after a second
    PRIMARY KEY (export_id, position)
) WITHOUT ROWID;
