// sim/stats/queueing/network.c - several stations: open (Jackson), closed (mean value analysis), and two that work side by side.
#include "sim/stats/queueing/theory.h"

// Product form: each single-server station behaves like an M/M/1 of its own at the rate that visits it, so with demand D = visits
// times service a request spends D / (1 - arrival D) there.
static hr_status jackson(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    double arrival = a->value[0], W = 0, busiest = 0;
    for (int i = 0; i < a->times_count; i++) {
        double rho = arrival * a->times[i];
        if (rho >= 1)
            return sim_theory_overload(rho, e);
        busiest = rho > busiest ? rho : busiest;
        W += a->times[i] / (1 - rho);
    }
    out->value[SIM_QUANTITY_utilisation] = busiest;
    out->value[SIM_QUANTITY_W] = W;
    out->value[SIM_QUANTITY_L] = arrival * W;
    return HR_OK;
}

#define DEMANDS_ROW {"demands", SIM_THEORY_TIMES, NULL, 1e-9, 1e9, "visits times mean service time at each station, such as 50ms,80ms"}

const sim_theory_model sim_theory_jackson = {.name = "jackson", .summary = "open network of single servers; utilisation is that of the busiest",
    .source = "Jackson 1957; Kleinrock I 4.8", .example = "demands=50ms,80ms,20ms arrival=8/s",
    .parameters = {{"arrival", SIM_THEORY_RATE, NULL, 1e-9, 1e12, "Poisson arrivals from outside"}, DEMANDS_ROW}, .compute = jackson};

// Exact mean value analysis: an arriving customer sees the network as it is with one customer less (Reiser and Lavenberg 1980).
static hr_status mva(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    (void)e;
    double queue[SIM_THEORY_MOST_TIMES] = {0}, stay[SIM_THEORY_MOST_TIMES], think = a->value[1], X = 0, R = 0, busiest = 0;
    for (double users = 1; users <= a->value[2]; users++) {
        R = 0;
        for (int i = 0; i < a->times_count; i++)
            R += stay[i] = a->times[i] * (1 + queue[i]);
        X = users / (R + think);
        for (int i = 0; i < a->times_count; i++)
            queue[i] = X * stay[i];
    }
    for (int i = 0; i < a->times_count; i++)
        busiest = a->times[i] * X > busiest ? a->times[i] * X : busiest;
    out->value[SIM_QUANTITY_utilisation] = busiest;
    out->value[SIM_QUANTITY_X] = X;
    out->value[SIM_QUANTITY_R] = R;
    out->value[SIM_QUANTITY_L] = X * R;
    return HR_OK;
}

const sim_theory_model sim_theory_mva = {.name = "mva", .summary = "closed network: users think, then visit single servers; utilisation is that of the busiest",
    .source = "exact mean value analysis: Reiser and Lavenberg, JACM 27 (1980)", .example = "demands=50ms,80ms,20ms think=1s users=10",
    .parameters = {DEMANDS_ROW, {"think", SIM_THEORY_TIME, "0", 0, 1e9, "mean think time between answer and next request"},
                   {"users", SIM_THEORY_WHOLE, NULL, 1, 1e7, "users in all"}},
    .compute = mva};

// Both branches get a task at every arrival; the request is done when the slower one is.
static hr_status fork_join2(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    double rho = a->value[0] * a->value[1];
    if (rho >= 1)
        return sim_theory_overload(rho, e);
    double W = (12 - rho) / 8 * a->value[1] / (1 - rho);
    out->value[SIM_QUANTITY_utilisation] = rho;
    out->value[SIM_QUANTITY_W] = W;
    out->value[SIM_QUANTITY_L] = a->value[0] * W;
    return HR_OK;
}

const sim_theory_model sim_theory_fork_join2 = {.name = "fork_join2", .summary = "each request forks to two M/M/1 stations and waits for both",
    .source = "Flatto and Hahn 1984; Nelson and Tantawi, IEEE Trans. Computers 37 (1988)", .example = "arrival=0.7/s service=1s",
    .parameters = {{"arrival", SIM_THEORY_RATE, NULL, 1e-9, 1e12, "Poisson arrivals, each to both stations"},
                   {"service", SIM_THEORY_TIME, NULL, 1e-9, 1e9, "mean service time at each, exponential"}},
    .compute = fork_join2};
