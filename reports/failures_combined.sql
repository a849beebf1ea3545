-- title: What is down now, beside the failure of each server alone
-- lines: 193
-- key: capability
-- basis: basis
SELECT x.capability, a.state AS application, b.state AS services, c.state AS messaging, x.state AS together,
       CASE WHEN EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN (x.capability, 'all'))
            THEN 'documented' ELSE 'extrapolated' END AS basis
FROM outage_effect x
JOIN outage_effect a ON a.capability = x.capability AND a.servers = 1
JOIN outage_effect b ON b.capability = x.capability AND b.servers = 2
JOIN outage_effect c ON c.capability = x.capability AND c.servers = 4
WHERE x.servers = (SELECT coalesce(sum(s.bit), 0) FROM server s
                   JOIN outage o ON o.server = s.server AND o.started_at IS NULL)
ORDER BY x.position
