-- The Application server starts.
INSERT INTO server_event (server, event) VALUES ('application', 'starts');
