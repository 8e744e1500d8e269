// real/loop.c - the wall clock on libevent, with a timerfd of our own: libevent's timers round to milliseconds.
#include "real/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct real_loop {
    struct event_base *base;
    struct event      *timer;
    int        timer_fd;
    sim_world *world;
    hr_time    epoch;                          // hr_now() at the world's time zero
    char       failure[512];
};

static void on_timer(evutil_socket_t fd, short what, void *self)
{
    (void)what, (void)self;
    uint64_t expirations;
    ssize_t got = read(fd, &expirations, sizeof expirations);
    (void)got;                                 // the main loop looks at the clock itself
}

hr_status real_loop_open(real_loop **out, hr_error *e)
{
    real_loop *loop = hr_alloc(sizeof *loop);
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    loop->base = event_base_new();
    if (loop->timer_fd >= 0 && loop->base)
        loop->timer = event_new(loop->base, loop->timer_fd, EV_READ | EV_PERSIST, on_timer, loop);
    if (!loop->timer || event_add(loop->timer, NULL) != 0) {
        real_loop_close(loop);
        return hr_fail(e, HR_ENVIRONMENT, "no timer for the wall clock: %s", strerror(errno));
    }
    *out = loop;
    return HR_OK;
}

void real_loop_close(real_loop *loop)
{
    if (!loop)
        return;
    if (loop->timer)
        event_free(loop->timer);
    if (loop->base)
        event_base_free(loop->base);
    if (loop->timer_fd >= 0)
        close(loop->timer_fd);
    free(loop);
}

struct event_base *real_loop_base(real_loop *loop) { return loop->base; }
const char *real_loop_failure(const real_loop *loop) { return loop->failure[0] ? loop->failure : NULL; }

void real_loop_start(real_loop *loop, sim_world *w)
{
    HR_ASSERT(w->on_wall_clock);
    loop->world = w;
    loop->failure[0] = 0;
    loop->epoch = hr_now() - w->now;
}

void real_loop_tick(real_loop *loop)
{
    hr_time now = hr_now() - loop->epoch;
    if (now > loop->world->now)
        loop->world->now = now;
}

void real_loop_fail(real_loop *loop, const char *format, ...)
{
    if (loop->failure[0])
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(loop->failure, sizeof loop->failure, format, args);
    va_end(args);
}

static void arm(real_loop *loop, hr_time at)
{
    hr_time absolute = at + loop->epoch;
    struct itimerspec when = {.it_value = {absolute / HR_SEC, absolute % HR_SEC}};
    timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

// One turn: events that are due, then sockets; sleeps until the next event or `until`. What is due after `until` stays, however late it
// is: a request that is meant to start after the warm-up must not be counted before it.
static void turn(real_loop *loop, hr_time until)
{
    sim_world *w = loop->world;
    real_loop_tick(loop);
    int budget = 64;                           // so that a flood of timers never keeps answers waiting
    while (sim_world_next(w) <= hr_min_time(w->now, until) && budget-- > 0) {
        sim_world_step(w);
        real_loop_tick(loop);
    }
    hr_time next = hr_min_time(sim_world_next(w), until);
    if (next <= w->now) {
        event_base_loop(loop->base, EVLOOP_NONBLOCK);
        return;
    }
    arm(loop, next);
    event_base_loop(loop->base, EVLOOP_ONCE);
}

static bool must_end(const real_loop *loop, const volatile sig_atomic_t *stop)
{
    return loop->failure[0] || (stop && *stop);
}

bool real_loop_run(real_loop *loop, hr_time until, const volatile sig_atomic_t *stop)
{
    while (loop->world->now < until && !must_end(loop, stop))
        turn(loop, until);
    return !must_end(loop, stop);
}

bool real_loop_drain(real_loop *loop, hr_time limit, const volatile sig_atomic_t *stop)
{
    while (!sim_world_is_idle(loop->world) && loop->world->now < limit && !must_end(loop, stop))
        turn(loop, limit);
    return !must_end(loop, stop) && sim_world_is_idle(loop->world);
}
