-- Kinds of values that a column may have besides. A column of texts that look like numbers or times says so where it is
-- compared.
ALTER TABLE chatdb_export_values ADD COLUMN clocks INTEGER NOT NULL DEFAULT 0;       -- times without a day
ALTER TABLE chatdb_export_values ADD COLUMN offsets INTEGER NOT NULL DEFAULT 0;      -- times with an offset from UTC
ALTER TABLE chatdb_export_values ADD COLUMN like_floats INTEGER NOT NULL DEFAULT 0;  -- of like_numbers: fit a float
ALTER TABLE chatdb_export_values ADD COLUMN like_times INTEGER NOT NULL DEFAULT 0;   -- of texts: other spellings
