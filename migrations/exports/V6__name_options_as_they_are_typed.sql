-- `reading` is shown as the options that were given, so it has their names and values as they are typed.
UPDATE chatdb_export_reading
SET reading = replace(replace(replace(replace(replace(replace(reading,
    '--form "', '--input-format "'),
    '--header "true"', '--header "yes"'),
    '--header "false"', '--header "no"'),
    '--lossy ""', '--lossy'),
    '--empty-is-null ""', '--empty-is-null'),
    '--rename "', '[columns] "');
