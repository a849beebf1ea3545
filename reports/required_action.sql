-- title: What the agent must do
-- lines: 108, 112
-- basis: basis
-- parameter: agent_id
SELECT required_action, basis FROM required_action WHERE user_id = @agent_id
