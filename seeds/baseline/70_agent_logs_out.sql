-- The agent logs out.
INSERT INTO agent_action (user_id, action) VALUES (@agent_id, 'logs out');
