// sim/parts/machine.h - what a part runs on, and what that costs beside its cores and memory.
// * An instance type says cores, memory and price of a machine at once; its price stands in place of those of cores and GiB.
// * All of it is for each server: a replica of a service, a node of a cluster, the primary of a database and each of its replicas.
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/core/base.h"

typedef struct {
    const char *name;                          // of the instance type
    double cores, memory_bytes, price;         // price: $/h
} sim_instance_def;

typedef struct {
    const sim_instance_def *instance;          // NULL: cores and memory are paid for as they are
    double storage_bytes;
    double licence, licence_core;              // $/h: a server, and each of its cores
    double contention, coherency;              // how much more cores are worth less: sim_machine_stretch
} sim_machine_def;

typedef struct {
    const sim_machine_def *machine;            // in the def
    double cores, memory_bytes, servers;       // of each server; servers: of a service or cluster at the start
} sim_machine_view;
typedef struct {                               // what a replica uses of its memory; all 0: nobody looks
    double base, per_call, per_entry, leak;
} sim_footprint_def;

typedef struct {                               // it is exchanged for another type; to NULL: never
    const sim_instance_def *to;
    hr_time at, restart;
} sim_resize_def;

// What a part of that kind runs on: its place in the def; and all of it. NULL and false for what has no machine of its own.
sim_machine_def *sim_machine_of(uint16_t kind, void *def);
bool sim_machine_look(uint16_t kind, const void *def, sim_machine_view *view);
// What that costs in an hour, with as many servers: cores and memory or the instances, storage, licences.
// $/h, $/h, $/GiB/month, $/million, $/GiB out to users, $/GiB between regions
typedef struct { double core, gib, storage, requests, egress, transfer; } sim_prices;
double sim_machine_cost(const sim_machine_view *view, double servers, const sim_prices *prices);
// By which share n cores lengthen all computations, because they wait for what only one may have (contention) and keep each other informed
// (coherency): n of them do as much as n / (1 + stretch). Gunther's Universal Scalability Law, Guerrilla Capacity Planning 4.4; without coherency it
// is Amdahl's law with contention as the serial share: speed-up 1 / (s + (1 - s) / n).
double sim_machine_stretch(const sim_machine_def *machine, double cores);
// Computations that so many cores can do at a time: whole ones, at least 1.
static inline uint32_t sim_whole_cores(double cores) { return cores < 1 ? 1 : (uint32_t)cores; }
// The month of a price: 365 days / 12, as cloud providers reckon.
#define SIM_MONTH_HOURS 730.0

#endif
