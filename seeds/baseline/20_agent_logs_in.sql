-- The agent logs in; the waiting e-mail is assigned to this agent.
INSERT INTO agent_action (user_id, action) VALUES (@agent_id, 'logs in');
