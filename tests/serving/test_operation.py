"""What tells whoever runs the service how it is."""


def test_a_process_that_lives_and_the_model_that_answers(client):
    assert client.get("/health").json() == {"status": "ok"}
    ready = client.get("/ready").json()
    assert ready["status"] == "ready"
    assert ready["model"]["model"] == "miq-sasrec"
    assert ready["model"]["runtime"] == "torch"


def test_lists_are_counted_by_what_made_them(client):
    client.post("/recommend", json={"histories": [["item 01"], []]})
    metrics = client.get("/metrics").text
    assert 'miqrec_lists_total{source="model"} 1.0' in metrics
    assert 'miqrec_lists_total{source="popularity"} 1.0' in metrics


def test_a_path_that_is_not_there_is_told_in_the_same_shape(client):
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert answer.json() == {"error": {"code": "not_found", "message": "Not Found", "where": []}}
