-- The agent opens an information tab, and types an answer to the e-mail.
INSERT INTO agent_action (user_id, action, console_part) VALUES (@agent_id, 'opens', 'case');
INSERT INTO email_reply (user_id, activity_id, text) VALUES (@agent_id, @email_id, 'response to customer');
-- Meanwhile another customer writes an e-mail. The customer's identity is ours.
INSERT INTO email_arrival (activity_id, entry_point_id, from_address, to_address, subject, body)
VALUES (1190, 1001, 'testcust@dslab.cisco.com', 'eim@dslab.cisco.com', 'test3', 'test3');
