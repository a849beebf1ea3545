-- The agent logs out while the server is down.
INSERT INTO agent_action (user_id, action) VALUES (@agent_id, 'logs out');
