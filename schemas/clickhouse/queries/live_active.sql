-- Question: which tariff is active?
-- Grain: one row, none when no tariff has been activated.
SELECT sequence, tariff
FROM tariff_activations
ORDER BY sequence DESC, tariff
LIMIT 1
