// sim/scenario/zone.h - time zones by name, from the system's tzdata.
#ifndef SIM_ZONE_H
#define SIM_ZONE_H

#include "sim/policy/scale/cron.h"

// Every change of the zone's clock from `from` to `to` (seconds since 1970). HR_BAD_INPUT: there is no such zone; HR_ENVIRONMENT: no tzdata.
// To be called before threads are started: the C library knows only one zone at a time, which is changed here and put back.
hr_status sim_zone_read(const char *name, int64_t from, int64_t to, sim_zone *zone, hr_error *e) HR_MUST_USE;
void      sim_zone_free(sim_zone *zone);       // one that sim_zone_read has made

#endif
