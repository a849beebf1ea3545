-- title: This failure beside the failure of the Application server alone
-- lines: 130, 178
-- key: capability
-- basis: basis
-- kind: verdict text
SELECT x.capability, y.state AS application_failure, x.state AS this_failure,
       CASE
           WHEN x.state = y.state THEN 'same'
           WHEN x.state <> 'works' AND y.state <> 'works' THEN 'same while down'
           ELSE 'differs'
       END AS verdict,
       CASE WHEN EXISTS (SELECT 1 FROM documented_now d WHERE d.effect IN (x.capability, 'all'))
            THEN 'documented' ELSE 'extrapolated' END AS basis
FROM outage_effect x
JOIN outage_effect y ON y.capability = x.capability AND y.servers = 1
WHERE x.servers = (SELECT coalesce(sum(s.bit), 0) FROM server s
                   JOIN outage o ON o.server = s.server AND o.started_at IS NULL)
ORDER BY x.position
