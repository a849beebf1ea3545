-- The Services server starts.
INSERT INTO server_event (server, event) VALUES ('services', 'starts');
