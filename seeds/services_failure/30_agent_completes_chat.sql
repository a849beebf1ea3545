-- The agent completes the chat: a person's action that is itself a change of the activity row.
UPDATE egpl_casemgmt_activity
SET activity_status = 9000,      -- completed
    activity_sub_status = 9100   -- done
WHERE activity_id = @activity_id;
