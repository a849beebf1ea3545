-- Both servers stop.
INSERT INTO server_event (server, event) VALUES ('messaging', 'stops');
INSERT INTO server_event (server, event) VALUES ('application', 'stops');
