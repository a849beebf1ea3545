-- Both servers start.
INSERT INTO server_event (server, event) VALUES ('messaging', 'starts');
INSERT INTO server_event (server, event) VALUES ('application', 'starts');
