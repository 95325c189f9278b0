import json

import jsonschema
import numpy as np

import rows


def test_it_is_a_schema_that_what_run_prints_obeys(cli, session):
    schema = json.loads(cli("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    session.batches.append(np.concatenate([rows.listener_row(), rows.client_row(), rows.server_row()]))
    jsonschema.validate(json.loads(cli("run", "--json", "--", "true").stdout), schema)
