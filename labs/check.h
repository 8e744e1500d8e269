// labs/check.h - is a lab a good lab? For those who write them.
// * The stub must fail, the reference must pass, and each tempting answer must miss exactly the targets that lab.yaml says it
//   misses, so that its explanation is about what happens.
// * Stable: the verdict on every target of every file is the same for each of several seeds. An unstable lab grades by luck.
#ifndef LAB_CHECK_H
#define LAB_CHECK_H

#include "labs/lab.h"

typedef struct {
    const char *name;                          // stub, solution, or the file below tempting/
    sim_verdict verdict;                       // at the first seed
    bool        is_right;                      // fails, passes, or misses what it should
    bool        is_stable;
    char        missed[160];                   // ids of the targets that did not hold, in words
} lab_check_row;

typedef struct {
    lab_check_row *rows;                       // stub, solution, tempting …
    size_t         row_count;
    bool           is_good, is_stable;
    hr_time        wall;
} lab_checked;

// Grades all files of the lab with `seeds` seeds each. A file that cannot be read or breaks the rules of the lab is an error.
// The caller frees checked->rows.
hr_status lab_check(const lab *l, int seeds, lab_checked *checked, hr_error *e) HR_MUST_USE;
// headroom/lab-check/1; the caller frees it.
char     *lab_check_document(lab *const *labs, const lab_checked *checked, size_t count);

#endif
