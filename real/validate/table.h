// real/validate/table.h - what a validation says: every compared quantity at every load, predicted, measured, and how far apart.
// * Both sides are means over the repeats with their 95 % t interval. Every repeat has the same requests and keys and other demands,
//   on both sides: so the intervals speak of the system, not of which requests happened to come.
// * error = predicted / measured - 1 (shares: the difference). floor: the 95 % quantile of the differences between live repeats.
// * inside: |error| within the bound. indistinguishable: beyond it, but not beyond the floor. noisy: the floor exceeds 1.5 × the bound,
//   so the row counts for nothing. outside: everything else.
#ifndef REAL_TABLE_H
#define REAL_TABLE_H

#include "real/validate/predict.h"

#define REAL_VERDICTS(row) row(INSIDE, "inside") row(OUTSIDE, "outside") row(INDISTINGUISHABLE, "indistinguishable") row(NOISY, "noisy")
typedef enum {
#define REAL_VERDICT_ROW(id, word) REAL_##id,
    REAL_VERDICTS(REAL_VERDICT_ROW)
#undef REAL_VERDICT_ROW
    REAL_VERDICT_COUNT
} real_verdict;
const char *real_verdict_name(real_verdict verdict);

enum { REAL_REPEATS = 5 };                     // the least number of repeats for a floor that means something

typedef struct {
    uint32_t     variant, repeats;
    double       rate_per_s, load;             // load: share of the measured capacity
    int          compared;                     // row of real_compared_rows
    sim_estimate predicted, measured;          // base units
    double       error, floor;                 // as the bound: relative, or absolute for shares
    real_verdict verdict;
} real_row;

typedef struct {
    real_row *row;
    size_t    row_count;
    real_fits fits;
    double   *capacity;                        // of each variant, requests per second; 0: not measured
    hr_time   lateness_p50, lateness_p99;      // of the generator, over all measured runs
    size_t    verdicts[REAL_VERDICT_COUNT];
} real_table;

// Predicts every measured run of the pack and compares.
hr_status real_table_make(const real_pack *pack, real_table *table, hr_error *e) HR_MUST_USE;
void      real_table_free(real_table *table);
// 0: every row that counts is inside or indistinguishable; 1: one is outside; 2: more than a tenth is noisy, or too few repeats.
hr_status real_table_status(const real_table *table);
// The 95 % quantile of the differences between all pairs of `n` values; relative to their mean unless `is_absolute`. 0 when n < 2.
double    real_floor(const double *value, size_t n, bool is_absolute);
// The verdict that the rules above give.
real_verdict real_judge(double error, double floor, double bound);

// headroom/validate/1; the caller frees the text.
char     *real_table_document(const real_pack *pack, const real_table *table);

#endif
