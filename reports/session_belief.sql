-- title: Session state: the agent's view and reality
-- lines: 49, 189, 221
-- key: activity_id
-- situation: situation
-- parameter: activity_id
SELECT activity_id, agent_is_told, truth, statement_is, situation
FROM session_belief
WHERE activity_id = @activity_id
