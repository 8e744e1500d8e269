// sim/parts/codel.h - controlled delay: which waiting calls are turned away so that the queue stays short. RFC 8289, calls for packets.
// * Once everybody has waited longer than `target` for a whole `interval`, one is turned away, then the next after interval / sqrt(2),
//   interval / sqrt(3) and so on, until somebody has waited less. A queue that is only a burst is left alone.
#ifndef SIM_CODEL_H
#define SIM_CODEL_H

#include "sim/core/base.h"

typedef struct { hr_time target, interval; } sim_codel_def;        // target 0: it is off

typedef struct {                               // zeroed is a valid start
    hr_time  first_above;                      // when to begin, if everybody waits too long until then; 0: somebody did not
    hr_time  next;                             // when the next is turned away
    uint32_t count, last_count;                // turned away since it began; when it last stopped
    uint8_t  is_dropping, has_begun, has_dropped, unused[5];       // has_…: what became of the call before
} sim_codel;

// A call has come to the head of the queue, where it waited so long; `alone`: nobody waits behind it. Whether it is turned away.
bool sim_codel_drops(sim_codel *c, const sim_codel_def *d, hr_time now, hr_time waited, bool alone);

#endif
