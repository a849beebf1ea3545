-- Queues whose number was made of their name (below zero) get the product's number, where one queue of that name is
-- known.
CREATE TEMP TABLE chatdb_known_queue AS
SELECT made.queue_id AS made, min(own.queue_id) AS own
FROM main.egpl_routing_queue made
JOIN main.egpl_routing_queue own ON own.queue_name = made.queue_name AND own.queue_id >= 0
WHERE made.queue_id < 0
GROUP BY made.queue_id
HAVING count(*) = 1;

UPDATE main.egpl_casemgmt_activity
SET queue_id = (SELECT own FROM temp.chatdb_known_queue WHERE made = queue_id)
WHERE queue_id IN (SELECT made FROM temp.chatdb_known_queue);

UPDATE main.egpl_casemgmt_activity_earlier
SET queue_id = (SELECT own FROM temp.chatdb_known_queue WHERE made = queue_id)
WHERE queue_id IN (SELECT made FROM temp.chatdb_known_queue);

DELETE FROM main.egpl_routing_queue
WHERE queue_id IN (SELECT made FROM temp.chatdb_known_queue);

DROP TABLE temp.chatdb_known_queue;
