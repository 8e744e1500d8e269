// sim/store/diff.h - the numbers in two documents, side by side.
// * A path names a number: `variants[aside].metrics.p99_ms.value`. An element of an array is named by its `id` or `name` where all
//   elements have a different one, else by its position from 0: so a reordered list compares equal.
// * Only numbers are compared; texts, truth values and null are not.
#ifndef SIM_STORE_DIFF_H
#define SIM_STORE_DIFF_H

#include "sim/core/base.h"

typedef struct { char *path; double value; } sim_store_number;

typedef struct {
    char  *path;
    bool   in_a, in_b;
    double a, b;                               // NaN where it is missing
    double difference;                         // b - a; whole numbers are subtracted exactly. NaN when one is missing
    double relative;                           // difference / |a|; NaN when one is missing or only b differs from 0
} sim_store_difference;

typedef struct {
    sim_store_difference *row;                 // in the order of a, then what is only in b
    size_t count, changed, only_a, only_b;     // all rows; in both and different; in one only
} sim_store_diff;

// All numbers of a JSON document in its order; the caller frees with sim_store_numbers_free.
hr_status sim_store_numbers(const char *document, sim_store_number **numbers, size_t *count, hr_error *e) HR_MUST_USE;
void      sim_store_numbers_free(sim_store_number *numbers, size_t count);

// Compares the numbers of two JSON documents; sim_store_diff_free frees the rows. HR_BAD_INPUT: one is no JSON.
hr_status sim_store_compare(const char *a, const char *b, sim_store_diff *diff, hr_error *e) HR_MUST_USE;
void      sim_store_diff_free(sim_store_diff *diff);

#endif
