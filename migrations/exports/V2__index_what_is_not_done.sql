-- Nearly all activities of an export are completed, and nearly every finding asks for the others. A query finds them
-- through this index when it has the same condition: activity_status <> 9000 OR activity_sub_status <> 9100. The
-- columns behind the first two spare it most of the rows.
CREATE INDEX not_done ON egpl_casemgmt_activity (activity_status, activity_sub_status, activity_type, assigned_to)
WHERE activity_status <> 9000 OR activity_sub_status <> 9100;
