-- Agent and customer go on chatting. The wording is ours.
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'agent', 'How can I help you?');
INSERT INTO message (activity_id, author, text) VALUES (@activity_id, 'customer', 'Thank you, I have it now.');
