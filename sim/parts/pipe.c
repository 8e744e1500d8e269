// sim/parts/pipe.c - one way of a link: bandwidth that is shared equally, and what TCP adds to a transfer.
// * Idealised: connections are kept and have been idle, so each message begins with the initial window (RFC 5681, 4.1); acknowledgements are
//   never lost; the window is bounded by nothing but slow start, so a loss costs time but no later speed.
#include "sim/parts/network.h"

#include <math.h>

enum { MSS = 1460 };                           // bytes of a segment: Ethernet's 1500 less 40 of IP and TCP headers
static const hr_time MOST_RTO = 120 * HR_SEC;  // Linux' TCP_RTO_MAX

static double segments_of(uint32_t bytes) { return fmax(1, ceil((double)bytes / MSS)); }

// Static slow start (Kurose and Ross, Computer Networking, 3.7; RFC 6928 for the window of 10): windows of w, 2w, 4w … segments; after each but the
// last the sender is idle until the first acknowledgement, unless sending the window takes longer than that.
hr_time sim_tcp_slow_start(uint32_t bytes, uint32_t window, hr_time rtt, double ns_per_byte)
{
    double left = segments_of(bytes), idle = 0;
    for (double w = window; left > w; w *= 2) {
        left -= w;
        idle += fmax(0, (double)rtt - (w - 1) * MSS * ns_per_byte);
    }
    return (hr_time)idle;
}

hr_time sim_tcp_timeout(hr_time rto, uint32_t tries)
{
    hr_time most = hr_max_time(rto, MOST_RTO);
    return tries < 32 && rto <= (most - 1) >> tries ? rto << tries : most;
}

// Timeouts in a row until the segment gets through: geometric, by inversion.
static hr_time timeouts(double loss, hr_time rto, double u)
{
    hr_time time = 0;
    uint32_t tries = 0;
    do
        time += sim_tcp_timeout(rto, tries++);
    while (tries < 60 && (u /= loss) < 1);
    return time;
}

// One of the last three segments has too few behind it for three duplicate acknowledgements: its loss is noticed by a timeout (RFC 6298), which
// doubles when it is lost again. Losses before them are repaired together in one more round trip (fast retransmit and SACK, RFC 6675),
// unless what is sent again is lost, too. Idealised: no tail loss probe (RFC 8985), which would cure some of the former.
hr_time sim_tcp_loss(uint32_t bytes, double loss, hr_time rtt, hr_time rto, const double u[4])
{
    double segments = segments_of(bytes), tail = fmin(segments, 3), whole = sim_log(1 - loss);
    if (u[0] >= sim_exp(tail * whole))
        return timeouts(loss, rto, u[1]);
    if (segments <= 3 || u[2] < sim_exp(fmax((segments - 3) * whole, -700)))
        return 0;
    return rtt + (u[3] < loss ? timeouts(loss, rto, u[3] / loss) : 0);
}

// --- sharing ----------------------------------------------------------------------------------------------------------------

static void advance(const sim_world *w, sim_pipe *p)
{
    if (!p->sending.count)
        p->served_ns = 0;                      // idle: begin anew, so that the number stays small and exact
    else
        p->served_ns += (double)(w->now - p->served_at) / p->sending.count;
    p->served_at = w->now;
}

void sim_pipe_settle(sim_world *w, sim_pipe *p, uint32_t self)
{
    p->alarm++;
    if (!p->sending.count)
        return;
    double left = fmin(fmax(0, sim_shares_first(w, &p->sending)->done_at - p->served_ns) * p->sending.count, 1e18);
    sim_schedule(w, w->now + (hr_time)ceil(left), w->network, SIM_NETWORK_SENT, self, p->alarm);
}

void sim_pipe_join(sim_world *w, sim_pipe *p, uint32_t bytes, sim_ref call, uint32_t self)
{
    advance(w, p);
    sim_shares_push(w, &p->sending, p->served_ns + bytes * p->ns_per_byte, call);
    sim_pipe_settle(w, p, self);
}

sim_ref sim_pipe_sent(sim_world *w, sim_pipe *p)
{
    advance(w, p);
    bool is_sent = p->sending.count && sim_shares_first(w, &p->sending)->done_at <= p->served_ns + 0.5;     // half a nanosecond: what rounding may leave
    return is_sent ? sim_shares_pop(w, &p->sending) : 0;
}

void sim_pipe_check(const sim_world *w, const sim_pipe *p)
{
    SIM_ASSERT(w, p->sending.count <= p->under_way.level && (p->is_used || !p->under_way.level) && p->loss < 1 && p->extra_loss < 1);
    sim_shares_check(w, &p->sending);
}
