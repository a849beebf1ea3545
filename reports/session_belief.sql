-- title: Session state: the agent's view and reality
-- lines: 49, 189, 221
-- key: activity_id
-- basis: basis
-- parameter: activity_id
SELECT activity_id, agent_is_told, truth, statement_is, basis
FROM session_belief
WHERE activity_id = @activity_id
