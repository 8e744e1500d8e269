// sim/parts/network.h - regions, and the network that carries calls and answers from one to another.
// * Every component is in one region; some kinds are in several, and are asked where the caller is nearest to them.
// * A link has two pipes, one each way. What has to go through a pipe shares its bandwidth equally, then travels for half a round trip, and longer
//   by what TCP needs: round trips of slow start, retransmissions.
// * A pipe that is cut loses what arrives; TCP sends it again after its timeout, which doubles, until the pipe is whole. Nobody is told.
// * Who cancels a call sends a message after it, on the same connection: it comes no sooner than the call, and finds nothing when that is answered. To a
//   database it takes a connection of its own, so a round trip more, and finds nothing before the call is there either.
// * Calls inside a region take no time, unless the network says what they take.
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include "sim/core/laws.h"
#include "sim/parts/parts.h"
#include "sim/parts/shares.h"

#define SIM_MOST_REGIONS 32
#define SIM_EVERYWHERE 0xffu                   // as a component's region: where its caller is, or near there

#define SIM_BY_SERVER 0xfdu                    // as where it is for a caller: where the server is that it chooses for the call, `aim` of its kind
#define SIM_BESIDE 0xfeu                       // as where it is for a caller: on the caller's own machine, to and from which nothing travels

typedef struct {                               // between two regions, or inside one
    sim_dist_def rtt;                          // a round trip, as ping shows it
    double bytes_per_s;                        // each way; 0: any number
    double loss;                               // share of packets that get lost
} sim_pipe_def;

typedef struct {
    uint32_t region_count;
    const char *const *region;                 // names
    const sim_pipe_def *pipes;                 // [from * region_count + to]; the same in both directions
    const uint8_t *region_of;                  // [component]; SIM_EVERYWHERE: in several
    const uint8_t *nearest;                    // [component * region_count + region]: where it is for a caller in that region
    const uint8_t *uploads;                    // [component * SIM_UPLOAD_BYTES], a bit an operation: the request carries the row, not the answer
    const uint8_t *connects;                   // [component]: round trips before each of its calls, to open a connection
    uint32_t components;
    uint32_t overhead_bytes;                   // of a request or an answer, beside the row
    uint32_t initial_window;                   // segments that TCP sends before the first acknowledgement
    hr_time  min_rto;                          // least time beyond a round trip until TCP sends again
} sim_network_def;
enum { SIM_UPLOAD_BYTES = 32 };                // operations up to 255; a publish is always one

// --- what can be asked ----------------------------------------------------------------------------------------------------
typedef struct {
    uint64_t messages, bytes, retransmitted;   // since the reset: that were sent this way; timeouts of those that a cut had lost
    uint32_t under_way;                        // now
    double   under_way_average;                // since the reset
    bool     is_cut;
} sim_pipe_view;
sim_pipe_view sim_network_look(const sim_world *w, uint32_t from, uint32_t to);
// Bytes that have gone from one region to another since the reset, all links together.
uint64_t sim_network_crossed(const sim_world *w);

// The region, from 0, at which a call is asked for or, as things stand, would be answered.
uint32_t sim_network_from(const sim_world *w, const sim_call *c);
uint32_t sim_network_at(const sim_world *w, const sim_call *c);
// The mean round trip from one region to another.
hr_time  sim_network_rtt(const sim_world *w, uint32_t from, uint32_t to);
// What travels without being a call, such as records of a log: when it arrives that leaves at a time. It takes half of the round trip that its
// subject and ordinal draw, is_answer: the other half, and what faults add; what sets off while the way is cut is sent again at the end of that.
// It takes no bandwidth, loses no packets and is not counted.
typedef struct { uint32_t from, to, ordinal; bool is_answer; uint64_t subject; } sim_voyage;
hr_time  sim_network_arrives(const sim_world *w, const sim_voyage *v, hr_time leaves);
// Until when a way is cut, HR_FOREVER: for good; 0: it is whole.
hr_time  sim_network_whole(const sim_world *w, uint32_t from, uint32_t to);
// When a call came to its callee: what Little's law of the callee counts from.
hr_time  sim_network_arrived(const sim_world *w, const sim_call *c);
static inline hr_time sim_call_arrived(const sim_world *w, const sim_call *c) { return w->network ? sim_network_arrived(w, c) : c->started; }

// --- a pipe, pipe.c ---------------------------------------------------------------------------------------------------------
typedef struct {
    sim_dist rtt;
    double   ns_per_byte, loss;
    uint32_t is_used;                          // bool: something of it takes time
    uint8_t  is_cut, is_delayed;               // by faults
    sim_component_id teller;                   // the faults, which say for how long
    hr_time  cut_at, whole;                    // is_cut: since then, until then
    hr_time  rtt_mean;
    double   extra_loss;                       // by faults, beside its own
    sim_shares sending;                        // what shares the bandwidth
    uint32_t alarm, unused;                    // generation of the timer that is in force
    double   served_ns;                        // time that each of them has had of the whole pipe since it was last idle
    hr_time  served_at;
    sim_level under_way;                       // messages that wait, are sent or travel
    sim_stay stay;
    uint64_t messages, bytes, retransmitted;
} sim_pipe;

// TCP's time beside sending and half a round trip. Round trips in which a transfer waits for acknowledgements because its window is still small; how long a loss
// keeps it, by four numbers in (0, 1); when what was sent and lost `tries` times before is sent again.
hr_time sim_tcp_slow_start(uint32_t bytes, uint32_t window, hr_time rtt, double ns_per_byte);
hr_time sim_tcp_loss(uint32_t bytes, double loss, hr_time rtt, hr_time rto, const double u[4]);
hr_time sim_tcp_timeout(hr_time rto, uint32_t tries);
// A message begins to share the bandwidth; one is sent, 0: none is yet (after the timer that `alarm` tells of). `self` names the pipe in its timers.
enum { SIM_NETWORK_LANDS, SIM_NETWORK_SENT, SIM_NETWORK_CANCELS };
void    sim_pipe_join(sim_world *w, sim_pipe *p, uint32_t bytes, sim_ref call, uint32_t self);
sim_ref sim_pipe_sent(sim_world *w, sim_pipe *p);
void    sim_pipe_settle(sim_world *w, sim_pipe *p, uint32_t self);
void    sim_pipe_check(const sim_world *w, const sim_pipe *p);

#endif
