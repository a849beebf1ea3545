DELETE FROM main.{main} WHERE {id} IN (
    SELECT id FROM (
        SELECT {id} AS id,
               chatdb_export AS of_export,
               row_number() OVER (PARTITION BY {columns}, chatdb_export ORDER BY {id}) AS nth,
               count(*) OVER (PARTITION BY {columns}) - count(*) OVER (PARTITION BY {columns}, chatdb_export) AS others
        FROM main.{main}
    )
    WHERE of_export = {own} AND nth <= others
)
