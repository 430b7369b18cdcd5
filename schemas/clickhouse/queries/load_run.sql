-- Question: which load of a file was begun last?
-- Grain: one row; run is '' when there is none.
-- Parameters: SET param_topic = 'load:...'
SELECT argMax(run, (begun_at, run)) FROM loads WHERE topic = {topic:String}
