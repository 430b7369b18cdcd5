-- Question: which appends run on this server that an owner has to see the end of, before it
-- may ask what is stored: those of other generations of its group, and its own?
-- Grain: one running INSERT. The parameters are beginnings of query_id: group holds all of
-- them, generation those of the owner's generation, member the owner's.
SELECT query_id
FROM system.processes
WHERE current_database = currentDatabase()
  AND startsWith(query_id, {group:String})
  AND (NOT startsWith(query_id, {generation:String}) OR startsWith(query_id, {member:String}))
