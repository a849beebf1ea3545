-- title: The state of the agent's desktop
-- lines: 179
-- basis: basis
-- parameter: agent_id
SELECT desktop, basis FROM agent_desktop WHERE user_id = @agent_id
