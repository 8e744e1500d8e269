// sim/parts/codel.c - see codel.h. The appendix of RFC 8289 loops over packets until one may go; here each call is one look.
#include "sim/parts/codel.h"

#include <math.h>

static hr_time law(const sim_codel_def *d, hr_time from, uint32_t count) { return from + (hr_time)((double)d->interval / sqrt(count)); }

// Whether everybody has waited too long for an interval.
static bool may_drop(sim_codel *c, const sim_codel_def *d, hr_time now, hr_time waited, bool alone)
{
    if (waited < d->target || alone) {
        c->first_above = 0;
        return false;
    }
    if (!c->first_above)
        c->first_above = now + d->interval;
    return now >= c->first_above;
}

bool sim_codel_drops(sim_codel *c, const sim_codel_def *d, hr_time now, hr_time waited, bool alone)
{
    bool may = may_drop(c, d, now, waited, alone), has_begun = c->has_begun, has_dropped = c->has_dropped;
    c->has_begun = c->has_dropped = 0;
    if (has_begun)
        return false;                          // the call behind the first one that was turned away goes, whatever it is
    if (!may) {
        c->is_dropping = 0;
        return false;
    }
    if (!c->is_dropping) {                     // begins; faster than the first time if it has only just stopped
        uint32_t before = c->count - c->last_count;
        c->count = before > 1 && now - c->next < 16 * d->interval ? before : 1;
        c->last_count = c->count;
        c->next = law(d, now, c->count);
        c->is_dropping = c->has_begun = 1;
        return true;
    }
    if (has_dropped)
        c->next = law(d, c->next, c->count);
    if (now < c->next)
        return false;
    c->count++;
    c->has_dropped = 1;
    return true;
}
