// sim/replay/trace.h - the requests of a trace of keys, some at a time; the format is told in replay.h.
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "sim/core/lines.h"

typedef struct { uint64_t key; hr_time at; uint32_t size_bytes; } sim_trace_request;

typedef struct {
    hr_lines *lines;
    bool      begun, is_csv;
    int       key, time, size;                 // columns, from 0; -1: there is none
    hr_time   gap, at;                         // between requests without times; of the last one
} sim_trace;

// `rate_per_s` of the requests of a trace without times. The caller closes `lines`.
sim_trace sim_trace_of(hr_lines *lines, double rate_per_s);
// Reads up to `most` requests and returns how many; 0 at the end of the trace or at a line that can't be right (then e->status is set).
size_t sim_trace_read(sim_trace *t, sim_trace_request *out, size_t most, hr_error *e);

#endif
