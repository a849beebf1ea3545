-- title: Every rule of the platform model
-- key: kind, rule
-- kind: kind text
-- kind: rule text
-- kind: statement text
-- kind: basis text
-- kind: lines text
-- kind: reading text
SELECT rule, statement, basis, lines, kind, reading
FROM rule
ORDER BY kind, position
