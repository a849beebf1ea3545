SELECT *,
       row_number() OVER (ORDER BY k1, k2, operation, chatdb_line) AS place,
       row_number() OVER (PARTITION BY {key}
                          ORDER BY k1 DESC, k2 DESC, operation DESC, chatdb_line DESC) AS from_last
FROM {changes}
