-- title: Capabilities: what works, what is lost, and because of which server
-- key: subject, capability
-- kind: lost_to text
-- kind: remark text
-- situation: situation
-- note: `works`, or `back at once` with the server, `back at log-in` of the agent, `never back` for that chat
SELECT subject, capability, state, lost_to, remark, situation
FROM what_works
ORDER BY position, subject_id
