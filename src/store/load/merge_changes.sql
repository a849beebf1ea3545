-- Changes in their order: what was the last state of a key is staged for the main table unless it was deleted, all
-- others are states of the past.
INSERT INTO main.{history} ({columns}, chatdb_export, chatdb_line, chatdb_order, chatdb_operation)
SELECT {columns}, {export}, chatdb_line, place, operation
FROM ({ranked})
WHERE from_last > 1 OR operation = {delete}
ORDER BY place;

INSERT INTO {staging} ({columns}, chatdb_line)
SELECT {columns}, chatdb_line
FROM ({ranked})
WHERE from_last = 1 AND operation <> {delete};

-- What an older export has of a row that was deleted since is a state of the past.
CREATE TEMP TABLE chatdb_deleted AS
SELECT {key} AS deleted_key
FROM ({ranked})
WHERE from_last = 1 AND operation = {delete};

INSERT INTO main.{history} ({stored}, chatdb_export, chatdb_line)
SELECT {stored}, chatdb_export, chatdb_line
FROM main.{main}
WHERE {key} IN (SELECT deleted_key FROM temp.chatdb_deleted);

DELETE FROM main.{main}
WHERE {key} IN (SELECT deleted_key FROM temp.chatdb_deleted);

DROP TABLE temp.chatdb_deleted;
