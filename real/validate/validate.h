// real/validate/validate.h - a scenario against live servers: calibrate, predict, measure, compare.
// * Order: start servers; count what the caches hold; fit demands at two low loads of each variant; find each variant's capacity;
//   then measure every load in turn, round after round, so that a drift of the machine meets all of them alike.
// * The loads, the repeats and the fits are decided before anything is compared. More repeats follow only where a row is noisy.
#ifndef REAL_VALIDATE_H
#define REAL_VALIDATE_H

#include <signal.h>

#include "real/validate/table.h"

typedef struct {
    uint64_t    seed;
    bool        quick;                         // shorter runs: less than a minute in all, with wider intervals
    const char *folder;                        // of the evidence pack; NULL: kept in memory only
    void      (*progress)(void *self, const char *doing, double done_frac);    // may be NULL
    void       *progress_self;
    const volatile sig_atomic_t *stop;         // becomes true: end with what is known; may be NULL
} real_validate_options;

// Measures. *pack is made as soon as there is anything to keep (else NULL) and is the caller's, also when the status is not HR_OK:
// HR_UNDECIDED when it was interrupted, HR_ENVIRONMENT when a server has gone or the machine is too busy.
hr_status real_validate(const char *path, const real_validate_options *options, real_pack **pack, hr_error *e) HR_MUST_USE;

#endif
