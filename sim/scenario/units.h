// sim/scenario/units.h - values with units: text to base units (seconds, bytes, per second, shares, $/h).
// Each function says no, without a message, for anything that is not wholly such a value, and for what is negative or not finite.
#ifndef SIM_UNITS_H
#define SIM_UNITS_H

#include "sim/core/random.h"
#include "sim/scenario/node.h"

bool sim_read_time(const char *text, hr_time *time);              // 5ms, 2s, 1min, 1h, 250us, 10ns, none
bool sim_read_span(const char *text, double *seconds);            // the same in seconds, not rounded to nanoseconds; never none
bool sim_read_seconds(const char *text, double *seconds);         // 0.25 (in seconds), 250ms: in files of numbers
bool sim_read_rate(const char *text, double *per_s);              // 800/s, 30/min, 5k/h, and as nginx writes it: 10r/s, 30r/m
bool sim_read_rate_unit(const char *text, double *per_s, hr_time *per);   // and the time that it was written per
bool sim_read_bytes(const char *text, double *bytes);             // 4GiB, 20MiB, 8KiB, 10kB, 96B
bool sim_read_bandwidth(const char *text, double *bytes_per_s);   // 1Gbit/s, 100 MB/s
bool sim_read_share(const char *text, double *share);             // 70%, 0.7
bool sim_read_percent(const char *text, double *share);           // 70%, 150%: with its sign
bool sim_read_count(const char *text, double *count);             // 64, 100k, 1M
bool sim_read_number(const char *text, double *number);           // 0.8, 1e3: without a unit
bool sim_read_cores(const char *text, double *cores);             // 2 cores, 0.5
bool sim_read_money(const char *text, const char *unit, double *money);   // 0.04 $/h, if that is the unit
bool sim_read_any(const char *text, double *value);               // whichever of the above fits: for objectives
// 5ms, exp(5ms), lognormal(p50=8ms, p99=60ms) …; tables are taken from the pool.
// `source` says where files are looked for and gets the reason when it is no distribution; NULL: no files, no reason. distributions.c
bool sim_read_dist(sim_pool *pool, const sim_source *source, const char *text, sim_dist_def *dist);
// Splits `name(a, b)` at the commas outside of inner parentheses: trimmed copies from the pool. False when it has no such form.
bool sim_form_split(sim_pool *pool, const char *text, char *name, size_t room, char ***arguments, size_t *count);
// The text behind "name=" when the argument begins so, else NULL.
const char *sim_form_named(const char *argument, const char *name);
// The reverse of sim_read_time, short: "8ms", "none".
const char *sim_show_time(hr_time time, char *out, size_t room);
// Bytes in the largest unit that leaves a whole number, as a scenario writes them: 512MiB, 500B.
void sim_show_bytes(double bytes, hr_text *out);
// "5 ms", or "exponential: mean 5 ms, p99 23 ms, scv 1": added to `out`.
void sim_show_dist(const sim_dist_def *d, hr_text *out);

#endif
