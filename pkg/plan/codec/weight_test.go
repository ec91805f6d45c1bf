package codec

import (
	"encoding/json"
	"testing"

	"sigs.k8s.io/prow/pkg/config"
)

// TestWeighingTakesWhatJSONTakes weighs possible forms of a job.
func TestWeighingTakesWhatJSONTakes(t *testing.T) {
	for _, raw := range []string{
		`{}`, `null`, `{"name":"a","NAME":"b","unknown":{"x":[1,[2],{"y":null}]}}`,
		`{"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":1,"memory":"2Gi"}},"ports":[{"containerPort":1}],"livenessProbe":{"httpGet":{"port":"http"}}}]}}`,
		`{"labels":{"a":"b"},"max_concurrency":3,"decorate":true,"decoration_config":{"timeout":"1h0m0s","gcs_configuration":null}}`,
	} {
		var p config.Presubmit
		if err := json.Unmarshal([]byte(raw), &p); err != nil {
			t.Fatal(err)
		}
		if _, err := weigh([]byte(raw), &p, 256<<20); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
