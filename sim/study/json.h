// sim/study/json.h - numbers in JSON documents, the same bytes everywhere.
#ifndef SIM_STUDY_JSON_H
#define SIM_STUDY_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "sim/stats/estimate.h"

// Twelve digits are more than any interval supports, and print alike everywhere. What is not finite becomes null.
json_t *sim_json_real(double x);
// {"value", "low", "high"}, each times `factor`.
json_t *sim_json_estimate(sim_estimate e, double factor);
// Many readers take every number for a float64, so a seed above 2^53, which would change in one, is written as a text.
json_t *sim_json_seed(uint64_t seed);

#endif
