// sim/stats/queueing/theory.h - the table of queueing models: what each takes, what it knows exactly, and where that is proved.
// * One row a model: `headroom theory`, its help, the docs and the tests read the row. A new model is a row in theory.def and
//   its `const sim_theory_model sim_theory_NAME` in the file of its family.
// * Base units throughout: seconds, per second, plain numbers. Reading "8/s" is the business of sim/study/theory.h.
// * A model refuses what has no steady state with one message; its parameters are inside their ranges when it is called.
// * What a model does not know stays NaN in the answer.
#ifndef SIM_THEORY_H
#define SIM_THEORY_H

#include "sim/core/base.h"

typedef enum {
#define SIM_QUANTITY(name, unit, help) SIM_QUANTITY_##name,
#include "sim/stats/queueing/quantity.def"
#undef SIM_QUANTITY
    SIM_QUANTITY_COUNT
} sim_quantity;

typedef struct { const char *name, *unit, *help; } sim_quantity_row;
extern const sim_quantity_row sim_quantities[SIM_QUANTITY_COUNT];
// The quantity of that name, or -1.
int sim_quantity_find(const char *name);

typedef enum { SIM_THEORY_RATE, SIM_THEORY_TIME, SIM_THEORY_WHOLE, SIM_THEORY_NUMBER, SIM_THEORY_TIMES } sim_theory_kind;

typedef struct {
    const char     *name;
    sim_theory_kind kind;
    const char     *fallback;                  // the default as text; NULL: required
    double          least, most;               // of each value, in base units
    const char     *help;
} sim_theory_parameter;

enum { SIM_THEORY_MOST_PARAMETERS = 6, SIM_THEORY_MOST_TIMES = 64 };

typedef struct {
    double value[SIM_THEORY_MOST_PARAMETERS];  // in the order of the row's parameters
    double times[SIM_THEORY_MOST_TIMES];       // of the parameter that is a list, if the row has one
    int    times_count;
} sim_theory_arguments;

typedef struct { double value[SIM_QUANTITY_COUNT]; } sim_theory_answer;

typedef struct {
    const char *name, *summary;
    const char *source;                        // where the formula is proved
    const char *example;                       // parameters that work, as the verb takes them
    sim_theory_parameter parameters[SIM_THEORY_MOST_PARAMETERS + 1];              // ends with a NULL name
    hr_status (*compute)(const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e);
} sim_theory_model;

#define SIM_THEORY(name) extern const sim_theory_model sim_theory_##name;
#include "sim/stats/queueing/theory.def"
#undef SIM_THEORY

enum { SIM_THEORY_COUNT = 0
#define SIM_THEORY(name) + 1
#include "sim/stats/queueing/theory.def"
#undef SIM_THEORY
};
extern const sim_theory_model *const sim_theory_models[SIM_THEORY_COUNT + 1];      // ends with NULL
// The model of that name, or NULL.
const sim_theory_model *sim_theory_find(const char *name);
// Computes a row: everything that it does not know is NaN in *out.
hr_status sim_theory_compute(const sim_theory_model *model, const sim_theory_arguments *a, sim_theory_answer *out, hr_error *e) HR_MUST_USE;

// For rows: the message of a queue without a bound that gets more work than it can do.
hr_status sim_theory_overload(double utilisation, hr_error *e) HR_MUST_USE;

#endif
