-- The agent opens the e-mail in the inbox and types an answer.
INSERT INTO agent_action (user_id, action, console_part) VALUES (@agent_id, 'opens', 'inbox');
INSERT INTO email_reply (user_id, activity_id, text) VALUES (@agent_id, @email_id, 'response to customer');
