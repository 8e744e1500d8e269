// sim/stats/queueing/queueing.h - closed formulas of queueing theory: the truth that the engine is checked against.
// * Rates are per second, times in seconds, `service_s` is the mean service time. Names as in the books (Kleinrock,
//   Queueing Systems I, 1975; Gross and Harris, Fundamentals of Queueing Theory): W response time, Wq waiting time,
//   L in the system, Lq in the queue.
// * Arrivals are Poisson, service is first come first served. "M/M/c": exponential service, c servers, endless queue.
// * An overloaded queue without a bound has no steady state: then W, Wq, L and Lq are INFINITY and p_wait is 1.
// * Arguments out of range (negative rate, no server) are broken invariants: who reads them from a user checks first.
#ifndef SIM_QUEUEING_H
#define SIM_QUEUEING_H

typedef struct {
    double utilisation;                        // fraction of the servers' time that is busy
    double p_wait;                             // fraction of the accepted arrivals that find every server busy
    double p_loss;                             // fraction of the arrivals turned away; 0 for an endless queue
    double Wq, W;                              // mean wait and mean response time of the accepted, seconds
    double Lq, L;                              // mean number waiting and mean number in the system
} sim_queueing;

// Erlang B: fraction of calls lost by `servers` without a queue; `load` is arrival rate times service time, in erlangs.
double sim_erlang_b(double load, int servers);

// M/M/c. p_wait is Erlang C.
sim_queueing sim_mmc(double arrival_rate, double service_s, int servers);

// The q-quantile of the M/M/c response time in seconds, q in [0, 1]; INFINITY when overloaded or q is 1.
double sim_mmc_response_quantile(double arrival_rate, double service_s, int servers, double q);

// M/M/c/K: at most `capacity` >= `servers` requests in the system, further ones are turned away. Overload is fine.
sim_queueing sim_mmck(double arrival_rate, double service_s, int servers, int capacity);

// M/G/1: one server and any service time, of which only the squared coefficient of variation (variance over squared
// mean) matters: 0 constant, 1 exponential.
sim_queueing sim_mg1(double arrival_rate, double service_s, double scv);

#endif
