-- The agent, who believes in the session, types on. The wording is ours.
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'agent', 'Are you still there?');
