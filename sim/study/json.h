// sim/study/json.h - numbers in JSON documents, the same bytes everywhere.
#ifndef SIM_STUDY_JSON_H
#define SIM_STUDY_JSON_H

#include <jansson.h>

#include "sim/stats/estimate.h"

// Twelve digits are more than any interval supports, and print alike everywhere. What is not finite becomes null.
json_t *sim_json_real(double x);
// {"value", "low", "high"}, each times `factor`.
json_t *sim_json_estimate(sim_estimate e, double factor);

#endif
