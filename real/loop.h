// real/loop.h - a world on the wall clock: sleeps until the next event, polls sockets in between.
// * The world is the same as on the virtual clock; its time is nanoseconds since real_loop_start.
// * Everything happens on one thread. An adapter's callback calls real_loop_tick first, so that the world's clock is right.
#ifndef REAL_LOOP_H
#define REAL_LOOP_H

#include <signal.h>

#include "sim/core/world.h"

struct event_base;
typedef struct real_loop real_loop;

hr_status real_loop_open(real_loop **loop, hr_error *e) HR_MUST_USE;
void      real_loop_close(real_loop *loop);    // NULL is fine
struct event_base *real_loop_base(real_loop *loop);
// Time zero of `w` is now; the world must have been marked on_wall_clock.
void      real_loop_start(real_loop *loop, sim_world *w);
// Sets the world's clock to the wall clock.
void      real_loop_tick(real_loop *loop);
// Runs until the world's time is `until`. Ends early, with false, when real_loop_fail was called or *stop is set (may be NULL).
bool      real_loop_run(real_loop *loop, hr_time until, const volatile sig_atomic_t *stop);
// Runs until no call is in flight, at most until `limit`; false as above or when calls are left.
bool      real_loop_drain(real_loop *loop, hr_time limit, const volatile sig_atomic_t *stop);
// The experiment cannot go on (a server has gone): the loop ends, and the first reason stays.
void      real_loop_fail(real_loop *loop, const char *format, ...) HR_PRINTF(2, 3);
const char *real_loop_failure(const real_loop *loop);              // NULL: none

#endif
