-- A customer writes an e-mail; the Services server's retriever will fetch it.
INSERT INTO email_arrival (activity_id, entry_point_id, from_address, to_address, subject, body)
VALUES (@email_id, 1001, 'testcust@dslab.cisco.com', 'eim@dslab.cisco.com', 'test2', 'test2');
