"""`course grade`: submissions go in, each is run in a sandbox, reports come out.

In the order in which a submission meets them:

- found and read: `collect`, `reader`, `zip_names`, `notebook`, `reading`; taken apart: `work`, `guesses`
- what is expected of it: `key`, `answer_key`
- run: `sandbox`, `cgroup`, `cluster`; `inside/` is all that a student's code can see
- judged: `scoring`, `look`, `forecasts`; kept: `record`, `journal`, `folder`
- what a person adds: `marks`, `adjustments`, read by `typed`
- told: `results`, `calibration`, `pages`, `reports`, `gradebook`, `markdown`, `tables`

`command` calls them all.
"""
