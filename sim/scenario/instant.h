// sim/scenario/instant.h - points of calendar time: "2026-01-01T00:00:00Z", "2026-01-01T01:30:00.5+01:30", "2026-01-01".
#ifndef SIM_INSTANT_H
#define SIM_INSTANT_H

#include "sim/core/base.h"

// RFC 3339 to seconds since 1970 (UTC) and nanoseconds above them; `nanoseconds` may be NULL when fractions are refused. A date alone is
// its midnight in UTC. Years 0 to 9999. Says no, without a message, for anything else, also for 30 February.
bool sim_read_instant(const char *text, int64_t *seconds, int32_t *nanoseconds);

#endif
