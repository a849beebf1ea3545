UPDATE main.{main} AS m
SET {assignments}
FROM {staging} AS a
WHERE a.{key} = m.{key}
  AND a.{key} IN ({newer_keys});
