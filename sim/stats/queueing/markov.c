// sim/stats/queueing/markov.c - birth-death queues: M/M/c, M/M/c/K, Erlang's losses, M/M/infinity, impatient customers.
#include <math.h>

#include "sim/stats/queueing/queueing.h"
#include "sim/stats/queueing/theory.h"

enum { ARRIVAL, SERVICE, SERVERS, LAST };      // LAST: capacity, patience

#define ARRIVAL_ROW {"arrival", SIM_THEORY_RATE, NULL, 1e-9, 1e12, "Poisson arrivals, such as 8/s"}
#define SERVICE_ROW {"service", SIM_THEORY_TIME, NULL, 1e-9, 1e9, "mean service time, exponential"}
#define SERVERS_ROW {"servers", SIM_THEORY_WHOLE, NULL, 1, 1e7, "servers that share one queue"}

static void put(sim_theory_answer *out, sim_queueing q)
{
    out->value[SIM_QUANTITY_utilisation] = q.utilisation;
    out->value[SIM_QUANTITY_p_wait] = q.p_wait;
    out->value[SIM_QUANTITY_Wq] = q.Wq;
    out->value[SIM_QUANTITY_W] = q.W;
    out->value[SIM_QUANTITY_Lq] = q.Lq;
    out->value[SIM_QUANTITY_L] = q.L;
}

static hr_status mmc(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    double arrival = a->value[ARRIVAL], service = a->value[SERVICE];
    int servers = (int)a->value[SERVERS];
    if (arrival * service >= servers)
        return sim_theory_overload(arrival * service / servers, e);
    put(out, sim_mmc(arrival, service, servers));
    out->value[SIM_QUANTITY_W_p50] = sim_mmc_response_quantile(arrival, service, servers, 0.50);
    out->value[SIM_QUANTITY_W_p95] = sim_mmc_response_quantile(arrival, service, servers, 0.95);
    out->value[SIM_QUANTITY_W_p99] = sim_mmc_response_quantile(arrival, service, servers, 0.99);
    return HR_OK;
}

const sim_theory_model sim_theory_mmc = {.name = "mmc", .summary = "M/M/c: one queue, c equal servers (c = 1: M/M/1)",
    .source = "Erlang C; Kleinrock, Queueing Systems I (1975) 3.5; quantiles: Gross and Harris, M/M/c waiting times",
    .example = "arrival=8/s service=1s servers=10", .parameters = {ARRIVAL_ROW, SERVICE_ROW, SERVERS_ROW}, .compute = mmc};

static hr_status mmck(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    if (a->value[LAST] < a->value[SERVERS])
        return hr_fail(e, HR_BAD_INPUT, "capacity=%.0f: it counts all places, so it cannot be below servers=%.0f", a->value[LAST], a->value[SERVERS]);
    sim_queueing q = sim_mmck(a->value[ARRIVAL], a->value[SERVICE], (int)a->value[SERVERS], (int)a->value[LAST]);
    put(out, q);
    out->value[SIM_QUANTITY_p_loss] = q.p_loss;
    return HR_OK;
}

const sim_theory_model sim_theory_mmck = {.name = "mmck", .summary = "M/M/c/K: at most K in the system, further ones are lost; times are of the accepted",
    .source = "Gross and Harris, Fundamentals of Queueing Theory, M/M/c/K; Kleinrock I 3.6",
    .example = "arrival=4/s service=1s servers=5 capacity=8",
    .parameters = {ARRIVAL_ROW, SERVICE_ROW, SERVERS_ROW, {"capacity", SIM_THEORY_WHOLE, NULL, 1, 1e8, "places in all, in service and in the queue"}},
    .compute = mmck};

static hr_status erlang_b(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    (void)e;
    double load = a->value[0], servers = a->value[1], lost = sim_erlang_b(load, (int)servers);
    out->value[SIM_QUANTITY_p_loss] = lost;
    out->value[SIM_QUANTITY_L] = load * (1 - lost);
    out->value[SIM_QUANTITY_utilisation] = load * (1 - lost) / servers;
    return HR_OK;
}

const sim_theory_model sim_theory_erlang_b = {.name = "erlang_b", .summary = "M/G/c/c: no queue; who finds every server busy is lost (any service time)",
    .source = "Erlang 1917; Kleinrock I 3.7", .example = "load=10 servers=15",
    .parameters = {{"load", SIM_THEORY_NUMBER, NULL, 0, 1e9, "arrival rate times mean service time, in erlangs"},
                   {"servers", SIM_THEORY_WHOLE, NULL, 1, 1e8, "servers"}},
    .compute = erlang_b};

static hr_status mminf(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    (void)e;
    double arrival = a->value[ARRIVAL], service = a->value[SERVICE];
    put(out, (sim_queueing){.utilisation = NAN, .W = service, .L = arrival * service});
    out->value[SIM_QUANTITY_W_p50] = service * log(2);
    out->value[SIM_QUANTITY_W_p95] = service * log(20);
    out->value[SIM_QUANTITY_W_p99] = service * log(100);
    return HR_OK;
}

const sim_theory_model sim_theory_mminf = {.name = "mminf", .summary = "M/M/infinity: nobody waits; the mean number is the load (any service time)",
    .source = "Kleinrock I 3.4", .example = "arrival=8/s service=1s", .parameters = {ARRIVAL_ROW, SERVICE_ROW}, .compute = mminf};

// Erlang A (Palm 1957; Garnett, Mandelbaum and Reiman 2002): as M/M/c, but each who waits gives up after an exponential patience:
// with n in the system the death rate is min(n, c) / service + (n - c)+ / patience. States are added one at a time as in sim_mmck,
// each shrinking the means over the earlier ones, until what is left out is below double precision.
static hr_status erlang_a(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    double arrival = a->value[ARRIVAL], service = a->value[SERVICE], servers = a->value[SERVERS], patience = a->value[LAST];
    double middle = servers + fmax(0, arrival - servers / service) * patience;     // near the most likely state
    if (middle > 1e8)
        return hr_fail(e, HR_BAD_INPUT, "patience=%gs: some %.2g would wait; that is more than is computed (1e8)", patience, middle);
    double last = 1, L = 0, Lq = 0, waiting = servers <= 0;
    for (double n = 1;; n++) {
        double beyond = fmax(0, n - servers), death = fmin(n, servers) / service + beyond / patience, r = arrival / death;
        last = r * last / (1 + r * last);
        L = (1 - last) * L + last * n;
        Lq = (1 - last) * Lq + last * beyond;
        waiting = (1 - last) * waiting + last * (n >= servers);
        if (n > middle && r < 1 && last * n / (1 - r) < 1e-18 * fmax(Lq, 1e-280))
            break;
        if (n > 4e8)
            return hr_fail(e, HR_BAD_INPUT, "patience=%gs: more states than are computed (4e8)", patience);
    }
    out->value[SIM_QUANTITY_utilisation] = (L - Lq) / servers;
    out->value[SIM_QUANTITY_p_wait] = waiting;
    out->value[SIM_QUANTITY_p_abandon] = Lq / patience / arrival;
    out->value[SIM_QUANTITY_Wq] = Lq / arrival;                    // Little's law over all arrivals
    out->value[SIM_QUANTITY_W] = L / arrival;
    out->value[SIM_QUANTITY_Lq] = Lq;
    out->value[SIM_QUANTITY_L] = L;
    return HR_OK;
}

const sim_theory_model sim_theory_erlang_a = {.name = "erlang_a", .summary = "M/M/c+M: who waits gives up after an exponential patience; times are over all arrivals",
    .source = "Palm 1957; Garnett, Mandelbaum and Reiman, M&SOM 4 (2002)", .example = "arrival=12/s service=1s servers=10 patience=1s",
    .parameters = {ARRIVAL_ROW, SERVICE_ROW, SERVERS_ROW, {"patience", SIM_THEORY_TIME, NULL, 1e-9, 1e9, "mean patience, exponential"}},
    .compute = erlang_a};
