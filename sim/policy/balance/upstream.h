// sim/policy/balance/upstream.h - a group of replicas and the policy that chooses among them: what a balancer holds in its world.
// * Choose, then answer: every choice that is not SIM_NO_PEER is answered once, also when the call has failed.
// * Why a replica may not be chosen is a set of reasons; the list of the others is kept, in order of slots, when one changes.
// * max_fails and fail_timeout are nginx', in whole seconds as there. 0 fails: no passive health.
// * A panic is Envoy's: when fewer than the share `panic` of the replicas that are not down are healthy, all of them may be chosen, for few
//   healthy ones would not carry the load.
// * Slow start: the weight of a replica that comes back into service grows in whole percents from 1 % to its own; weights are in percent then.
#ifndef SIM_UPSTREAM_H
#define SIM_UPSTREAM_H

#include "sim/core/level.h"
#include "sim/policy/balance/balance.h"

#define SIM_NO_PEER UINT32_MAX

typedef struct sim_upstream {
    uint32_t policy, peer_count, eligible_count;
    sim_ref  peers, eligible, state;           // sim_peer[peer_count], uint16_t[peer_count], the policy's
    uint32_t total_weight, eligible_weight;    // of all; of those that may be chosen
    uint32_t max_fails, max_conns;
    int32_t  fail_timeout_s;
    uint32_t alike;                            // all weights are equal and stay so
    uint32_t service_changes;                  // grows when a replica goes out of service or comes back
    uint32_t unused;
    hr_time  release_at;                       // no failed replica gets its next chance before
    uint64_t in_flight;
    uint32_t reports;                          // the load that policies see is reported by sim_upstream_report only
    uint32_t unused_too;
    sim_level sick, panicking;                 // replicas with SIM_OUT_SICK; 1 while it panics
    double   panic;
    hr_time  slow_start;                       // 0: none
    hr_time  grows_at;                         // when the next weight grows; HR_FOREVER: all are full
    sim_ref  slow;                             // sim_slow[peer_count]; with slow_start
    double   parameter[SIM_BALANCER_PARAMETERS];
} sim_upstream;

typedef struct { hr_time since; uint32_t full, unused; } sim_slow;     // back since then, HR_FOREVER: its weight is full; the full weight

enum { SIM_SLOW_UNIT = 100 };                  // a weight of 1 with slow start

typedef struct {
    sim_balancer_choice policy;
    uint32_t        count;                     // 1 … SIM_MOST_PEERS
    const uint32_t *weights;                   // NULL: all 1
    const char *const *names;                  // NULL: only for policies that look at no names
    uint32_t        max_fails, fail_timeout_s; // 0: failures do not count
    uint32_t        max_conns;                 // of one replica; 0: no limit
    bool            reports;                   // true: policies see loads as of the last sim_upstream_report
    double          panic;                     // 0: never
    hr_time         slow_start;                // 0: none
} sim_upstream_def;

sim_ref  sim_upstream_make(sim_world *w, const sim_upstream_def *def);
// The slot for a call, or SIM_NO_PEER when no replica may be chosen. `tried`: slots where this call has been.
uint32_t sim_upstream_choose(sim_world *w, sim_ref upstream, sim_balanced *call, const uint32_t *tried, uint32_t tried_count);
// The policy chooses so often for nobody: where its turn begins.
void     sim_upstream_turn(sim_world *w, sim_ref upstream, uint32_t turns);
// That one, for a call that is bound to it, without asking the policy; false: it may not be chosen. One that drains may.
bool     sim_upstream_choose_this(sim_world *w, sim_ref upstream, uint32_t slot);
// The call that was sent to `slot` has ended after `took`.
void     sim_upstream_answer(sim_world *w, sim_ref upstream, uint32_t slot, hr_time took, bool failed);
// Sets or clears a reason of SIM_OUT_….
void     sim_upstream_mark(sim_world *w, sim_ref upstream, uint32_t slot, uint32_t reason, bool on);
// A new replica has taken the slot: its failures are none, nor is it unhealthy.
void     sim_upstream_renew(sim_world *w, sim_ref upstream, uint32_t slot);
void     sim_upstream_report(sim_world *w, sim_ref upstream);
void     sim_upstream_reset(const sim_world *w, sim_ref upstream);
void     sim_upstream_check(const sim_world *w, sim_ref upstream);

#endif
