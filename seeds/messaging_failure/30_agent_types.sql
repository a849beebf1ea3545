-- The agent, who sees no answer, types again. The wording is ours.
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'agent', 'I cannot see your answer.');
