-- Agent and customer keep typing. The wording is ours.
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'agent', 'I cannot see your answer.');
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'customer', 'Are you still there?');
