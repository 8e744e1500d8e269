// sim/policy/settings.h - which settings a policy honours: each family has a table of words and bits, each row of it a set of bits.
#ifndef SIM_SETTINGS_H
#define SIM_SETTINGS_H

#include "sim/core/base.h"

typedef struct { const char *word; unsigned bit; } sim_setting;     // the scenario's word; tables of these end with NULL

// HR_BAD_INPUT when one of those `given` is none that `policy` uses, or one that it needs is not given.
hr_status sim_settings_fit(const sim_setting *table, const char *policy, unsigned uses, unsigned needs, unsigned given, hr_error *e) HR_MUST_USE;

#endif
