-- The agent, who is told that the session is active, types on. The wording is ours.
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'agent', 'Are you still there?');
