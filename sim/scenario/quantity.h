// sim/scenario/quantity.h - Kubernetes' quantities ("500m", "1.5", "16Gi", "2e3"), read exactly.
// * Suffixes: n u m, k M G T P E (powers of ten), Ki Mi Gi Ti Pi Ei (powers of two), or an exponent e3.
// * Each function says no, without a message, for anything that is not wholly a quantity and for what does not fit.
#ifndef SIM_QUANTITY_H
#define SIM_QUANTITY_H

#include "sim/core/base.h"

// In thousandths; what is finer is rounded away from zero, as Kubernetes does.
bool sim_read_quantity(const char *text, int64_t *milli);
// As a double: mantissa times power of ten of the canonical form, the arithmetic of Kubernetes' AsApproximateFloat64.
bool sim_read_quantity_real(const char *text, double *value);

#endif
