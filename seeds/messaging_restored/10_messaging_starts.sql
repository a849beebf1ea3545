-- The Messaging server starts.
INSERT INTO server_event (server, event) VALUES ('messaging', 'starts');
