-- The agent logs in; the e-mail that waits is given to this agent.
INSERT INTO agent_action (user_id, action) VALUES (@agent_id, 'logs in');
