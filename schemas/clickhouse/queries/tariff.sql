-- Question: what is the content of a tariff version?
-- Grain: one content; more than one row means that a version was stored with different contents.
-- Parameters: SET param_version = 'sha256:...'
SELECT DISTINCT content
FROM tariffs
WHERE version = {version:String}
