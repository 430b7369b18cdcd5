-- Question: what does ClickHouse say of each issued document, and do its lines add up to it?
-- Grain: one document.
SELECT d.number AS number, d.sha256 AS sha256, d.net AS net, d.tax AS tax, d.gross AS gross, l.billed AS lines_billed
FROM v_documents AS d
LEFT JOIN (SELECT number, sum(billed) AS billed FROM v_document_lines GROUP BY number) AS l ON l.number = d.number
ORDER BY number
