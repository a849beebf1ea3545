-- title: The state of the agent's desktop
-- lines: 179
-- situation: situation
-- parameter: agent_id
SELECT desktop, situation FROM agent_desktop WHERE user_id = @agent_id
