-- The rows of a newer or older export meet those that are there. Where both have a key, the newer state goes into the
-- main table and the other one into the history table.

-- Older than what is there: a state of the past.
INSERT INTO main.{history} ({columns}, chatdb_export, chatdb_line)
SELECT {columns}, {export}, chatdb_line
FROM {staging}
WHERE {key} IN ({newer_keys});

-- A column that the newer export does not have keeps its value from the older one.
{fill_gaps}

DELETE FROM {staging}
WHERE {key} IN ({newer_keys});

-- Newer than what is there, which becomes a state of the past.
INSERT INTO main.{history} ({stored}, chatdb_export, chatdb_line)
SELECT {stored}, chatdb_export, chatdb_line
FROM main.{main}
WHERE {key} IN (SELECT {key} FROM {staging});

UPDATE main.{main} AS m
SET {assignments}
FROM {staging} AS a
WHERE a.{key} = m.{key};

-- New.
INSERT INTO main.{main} ({columns}, chatdb_export, chatdb_line)
SELECT {columns}, {export}, chatdb_line
FROM {staging}
WHERE {key} NOT IN (SELECT {key} FROM main.{main});
