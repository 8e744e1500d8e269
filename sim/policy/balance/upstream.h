// sim/policy/balance/upstream.h - a group of replicas and the policy that chooses among them: what a balancer holds in its world.
// * Choose, then answer: every choice that is not SIM_NO_PEER is answered once, also when the call has failed.
// * Why a replica may not be chosen is a set of reasons; the list of the others is kept, in order of slots, when one changes.
// * max_fails and fail_timeout are nginx', in whole seconds as there. 0 fails: no passive health.
#ifndef SIM_UPSTREAM_H
#define SIM_UPSTREAM_H

#include "sim/policy/balance/balance.h"

#define SIM_NO_PEER UINT32_MAX

typedef struct sim_upstream {
    uint32_t policy, peer_count, eligible_count;
    sim_ref  peers, eligible, state;           // sim_peer[peer_count], uint16_t[peer_count], the policy's
    uint32_t total_weight, eligible_weight;    // of all; of those that may be chosen
    uint32_t max_fails, max_conns;
    int32_t  fail_timeout_s;
    int32_t  release_s;                        // no failed replica gets its next chance before this second
    uint32_t alike;                            // all weights are equal and stay so
    uint32_t service_changes;                  // grows when a replica goes out of service or comes back
    uint64_t in_flight;
    uint32_t reports;                          // the load that policies see is reported by sim_upstream_report only
    uint32_t unused;
    double   parameter[SIM_BALANCER_PARAMETERS];
} sim_upstream;

typedef struct {
    sim_balancer_choice policy;
    uint32_t        count;                     // 1 … 60000
    const uint32_t *weights;                   // NULL: all 1
    const char *const *names;                  // NULL: only for policies that look at no names
    uint32_t        max_fails, fail_timeout_s; // 0: failures do not count
    uint32_t        max_conns;                 // of one replica; 0: no limit
    bool            reports;                   // true: policies see loads as of the last sim_upstream_report
} sim_upstream_def;

sim_ref  sim_upstream_make(sim_world *w, const sim_upstream_def *def);
// The slot for a call, or SIM_NO_PEER when no replica may be chosen. `tried`: slots where this call has been.
uint32_t sim_upstream_choose(sim_world *w, sim_ref upstream, sim_balanced *call, const uint32_t *tried, uint32_t tried_count);
// The call that was sent to `slot` has ended after `took`.
void     sim_upstream_answer(sim_world *w, sim_ref upstream, uint32_t slot, hr_time took, bool failed);
// Sets or clears a reason of SIM_OUT_….
void     sim_upstream_mark(sim_world *w, sim_ref upstream, uint32_t slot, uint32_t reason, bool on);
// A new replica has taken the slot: its failures are none.
void     sim_upstream_renew(sim_world *w, sim_ref upstream, uint32_t slot);
void     sim_upstream_report(sim_world *w, sim_ref upstream);
void     sim_upstream_check(const sim_world *w, sim_ref upstream);

#endif
