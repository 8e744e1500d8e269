// sim/study/measure.h - from what the components have counted in a window to the values of metric.def.
#ifndef SIM_STUDY_MEASURE_H
#define SIM_STUDY_MEASURE_H

#include "sim/study/study.h"

typedef struct sim_counted {
    const sim_model         *model;
    const sim_station_view  *station;          // of every column of the model
    const sim_workload_view *requests;         // of every column; of a broker or queue the latency alone
    const sim_workload_view *all;              // of all workloads together
    bool   has_truth;                          // some database knows what is true: answers are older or not
    double window_s;
} sim_counted;

// Fills values[metric][column + 1], in base units; NAN where a metric says nothing of a component.
void   sim_measure(const sim_counted *counted, double *values);
// What a component costs in an hour, in the scenario's money: bill.c.
double sim_bill(const sim_counted *counted, int component);
// Whether any step of any handler, cache or limiter asks the component.
bool   sim_bill_is_asked(const sim_model *model, int component);
// Whether the component is a service with an autoscaler.
bool   sim_is_scaled(const sim_model *model, int component);
double sim_crossed_mib(const sim_station_view *v);

#endif
