-- The agent tries one part of the console after the other.
INSERT INTO agent_action (user_id, action, console_part, activity_id)
VALUES (@agent_id, 'opens', 'chat', @activity_id);
INSERT INTO agent_action (user_id, action, console_part) VALUES (@agent_id, 'opens', 'inbox');
INSERT INTO agent_action (user_id, action, console_part) VALUES (@agent_id, 'opens', 'case');
INSERT INTO agent_action (user_id, action, console_part) VALUES (@agent_id, 'opens', 'customer');
INSERT INTO agent_action (user_id, action, console_part) VALUES (@agent_id, 'opens', 'knowledge base');
