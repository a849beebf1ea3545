-- The agent goes to the chat, and agent and customer continue chatting. The wording is ours.
INSERT INTO agent_action (user_id, action, console_part, activity_id)
VALUES (@agent_id, 'opens', 'chat', @activity_id);
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'agent', 'How can I help you?');
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'customer', 'Thank you, I have it now.');
