// sim/policy/shed/shed.c - the table of load shedding policies, made from shed.def, and what they share.
#include "sim/policy/shed/shed.h"

#include <string.h>

const sim_shed *const sim_sheds[] = {
#define SIM_SHED(name) &sim_shed_##name,
#include "sim/policy/shed/shed.def"
#undef SIM_SHED
    NULL};

const sim_setting sim_shed_settings[] = {{"initial", SIM_SHED_INITIAL}, {"least", SIM_SHED_LEAST}, {"backoff", SIM_SHED_BACKOFF},
                                         {"target", SIM_SHED_TARGET}, {"tolerance", SIM_SHED_TOLERANCE}, {"reserve", SIM_SHED_RESERVE},
                                         {NULL, 0}};

int sim_shed_find(const char *name)
{
    for (int i = 0; sim_sheds[i]; i++)
        if (strcmp(sim_sheds[i]->name, name) == 0)
            return i;
    return -1;
}

hr_status sim_shed_fits(const sim_shed_def *d, unsigned given, hr_error *e)
{
    const sim_shed *row = sim_sheds[d->policy];
    if (sim_settings_fit(sim_shed_settings, row->name, row->uses, 0, given, e))
        return e->status;
    if (row->uses & SIM_SHED_BOUNDS && !(d->least <= d->initial && d->initial <= d->most))
        return hr_fail(e, HR_BAD_INPUT, "want `least` (%u) <= `initial` (%u) <= `most` (%u)", (unsigned)d->least, (unsigned)d->initial, (unsigned)d->most);
    return HR_OK;
}

bool sim_shed_admits(const sim_shed_state *s, const sim_shed_def *d, uint32_t in_hand, unsigned priority)
{
    return in_hand + 1.0 <= sim_sheds[d->policy]->limit(s, d, priority);
}

double sim_shed_found(const sim_shed_state *s, const sim_shed_def *d) { return s->limit > 0 ? s->limit : d->initial; }

void sim_shed_set(sim_shed_state *s, const sim_shed_def *d, double limit)
{
    s->limit = limit < d->least ? d->least : limit > d->most ? d->most : limit;
}
