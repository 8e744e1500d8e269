// sim/stats/queueing/general.c - one server, any service time: first come first served, processor sharing, two priorities, bounds.
#include <math.h>

#include "sim/stats/queueing/queueing.h"
#include "sim/stats/queueing/theory.h"

#define ARRIVAL_ROW {"arrival", SIM_THEORY_RATE, NULL, 1e-9, 1e12, "Poisson arrivals, such as 8/s"}
#define SERVICE_ROW {"service", SIM_THEORY_TIME, NULL, 1e-9, 1e9, "mean service time"}
#define SCV_ROW(fallback) {"scv", SIM_THEORY_NUMBER, fallback, 0, 1e9, "squared coefficient of variation of the service time: 0 constant, 1 exponential"}

static hr_status mg1(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    double rho = a->value[0] * a->value[1];
    if (rho >= 1)
        return sim_theory_overload(rho, e);
    sim_queueing q = sim_mg1(a->value[0], a->value[1], a->value[2]);
    out->value[SIM_QUANTITY_utilisation] = rho;
    out->value[SIM_QUANTITY_p_wait] = rho;
    out->value[SIM_QUANTITY_Wq] = q.Wq;
    out->value[SIM_QUANTITY_W] = q.W;
    out->value[SIM_QUANTITY_Lq] = q.Lq;
    out->value[SIM_QUANTITY_L] = q.L;
    return HR_OK;
}

const sim_theory_model sim_theory_mg1 = {.name = "mg1", .summary = "M/G/1: one server, any service time, first come first served",
    .source = "Pollaczek-Khinchine; Kleinrock I 5.5", .example = "arrival=0.7/s service=1s scv=4",
    .parameters = {ARRIVAL_ROW, SERVICE_ROW, SCV_ROW(NULL)}, .compute = mg1};

// The server's speed is shared equally among all that are there. The mean depends on the service time's mean alone, and a job
// of size x takes x / (1 - rho): in proportion to its size, whatever the others are like.
static hr_status mg1_ps(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    double rho = a->value[0] * a->value[1];
    if (rho >= 1)
        return sim_theory_overload(rho, e);
    out->value[SIM_QUANTITY_utilisation] = rho;
    out->value[SIM_QUANTITY_W] = a->value[1] / (1 - rho);
    out->value[SIM_QUANTITY_L] = rho / (1 - rho);
    if (a->value[2] > 0)
        out->value[SIM_QUANTITY_W_given_size] = a->value[2] / (1 - rho);
    return HR_OK;
}

const sim_theory_model sim_theory_mg1_ps = {.name = "mg1_ps", .summary = "M/G/1 processor sharing: all jobs run at once, each at its share of the speed",
    .source = "Kleinrock, Queueing Systems II (1976) chapter 4", .example = "arrival=0.5/s service=1s size=4s",
    .parameters = {ARRIVAL_ROW, SERVICE_ROW, {"size", SIM_THEORY_TIME, "0", 0, 1e9, "size of one job whose response time is asked for"}}, .compute = mg1_ps};

// What an arrival finds in service, on average: lambda E[S^2] / 2 over the classes that it has to wait for.
static double residual(double arrival, double service, double scv) { return arrival * service * service * (1 + scv) / 2; }

typedef struct { double rho1, rho, service, found1, found; } classes;

static hr_status read_classes(const sim_theory_arguments *a, classes *c, hr_error *e)
{
    double arrival1 = a->value[0], arrival2 = a->value[1], service = a->value[2], scv = a->value[3];
    *c = (classes){.rho1 = arrival1 * service, .rho = (arrival1 + arrival2) * service, .service = service,
                   .found1 = residual(arrival1, service, scv), .found = residual(arrival1 + arrival2, service, scv)};
    return c->rho >= 1 ? sim_theory_overload(c->rho, e) : HR_OK;
}

static void put_classes(sim_theory_answer *out, const classes *c, double W1, double W2)
{
    out->value[SIM_QUANTITY_utilisation] = c->rho;
    out->value[SIM_QUANTITY_Wq1] = W1 - c->service;
    out->value[SIM_QUANTITY_Wq2] = W2 - c->service;
    out->value[SIM_QUANTITY_W1] = W1;
    out->value[SIM_QUANTITY_W2] = W2;
}

static hr_status priority_nonpreemptive(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    classes c;
    hr_status status = read_classes(a, &c, e);
    if (!status)
        put_classes(out, &c, c.service + c.found / (1 - c.rho1), c.service + c.found / ((1 - c.rho1) * (1 - c.rho)));
    return status;
}

static hr_status priority_preemptive(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    classes c;
    hr_status status = read_classes(a, &c, e);
    if (!status)
        put_classes(out, &c, c.service + c.found1 / (1 - c.rho1), c.service / (1 - c.rho1) + c.found / ((1 - c.rho1) * (1 - c.rho)));
    return status;
}

#define CLASS_ROWS {"arrival1", SIM_THEORY_RATE, NULL, 1e-9, 1e12, "Poisson arrivals of the first class, which goes first"}, \
    {"arrival2", SIM_THEORY_RATE, NULL, 1e-9, 1e12, "Poisson arrivals of the second class"}, SERVICE_ROW, SCV_ROW("1")

const sim_theory_model sim_theory_priority_nonpreemptive = {.name = "priority_nonpreemptive",
    .summary = "M/G/1, two classes: the first is chosen first, who is in service stays", .source = "Cobham 1954; Kleinrock II chapter 3",
    .example = "arrival1=0.2/s arrival2=0.5/s service=1s", .parameters = {CLASS_ROWS}, .compute = priority_nonpreemptive};

const sim_theory_model sim_theory_priority_preemptive = {.name = "priority_preemptive",
    .summary = "M/G/1, two classes: the first interrupts the second, which goes on later where it was; Wq2 counts interruptions",
    .source = "Kleinrock II chapter 3", .example = "arrival1=0.2/s arrival2=0.5/s service=1s", .parameters = {CLASS_ROWS}, .compute = priority_preemptive};

static hr_status gg1(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e)
{
    double arrival = a->value[0], service = a->value[1], rho = arrival * service;
    if (rho >= 1)
        return sim_theory_overload(rho, e);
    double var_gap = a->value[2] / (arrival * arrival), var_service = a->value[3] * service * service;
    out->value[SIM_QUANTITY_utilisation] = rho;
    out->value[SIM_QUANTITY_Wq_bound] = arrival * (var_gap + var_service) / (2 * (1 - rho));
    out->value[SIM_QUANTITY_W_bound] = out->value[SIM_QUANTITY_Wq_bound] + service;
    out->value[SIM_QUANTITY_Wq_heavy] = rho / (1 - rho) * (a->value[2] + a->value[3]) / 2 * service;
    return HR_OK;
}

const sim_theory_model sim_theory_gg1 = {.name = "gg1", .summary = "G/G/1: an upper bound of the wait, and its approximation in heavy traffic",
    .source = "Kingman 1961 and 1962; Kleinrock II chapter 2", .example = "arrival=0.8/s service=1s scv_arrival=2 scv_service=0.5",
    .parameters = {{"arrival", SIM_THEORY_RATE, NULL, 1e-9, 1e12, "arrivals with independent gaps"}, SERVICE_ROW,
                   {"scv_arrival", SIM_THEORY_NUMBER, NULL, 0, 1e9, "squared coefficient of variation of the gaps between arrivals"},
                   {"scv_service", SIM_THEORY_NUMBER, NULL, 0, 1e9, "squared coefficient of variation of the service time"}},
    .compute = gg1};
