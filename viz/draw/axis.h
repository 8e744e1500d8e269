// viz/draw/axis.h - from values to places and back, and ticks at round numbers.
#ifndef VIZ_AXIS_H
#define VIZ_AXIS_H

#include "sim/core/base.h"

typedef enum { VIZ_PLAIN, VIZ_LOG, VIZ_CLOCK } viz_axis_kind;      // VIZ_CLOCK: seconds, written 1:30

typedef struct {
    viz_axis_kind kind;
    double from, to;                           // values at both ends; from < to, and from > 0 on a logarithmic axis
    double at_from, at_to;                     // their places in units of the drawing
} viz_scale;

// The place of a value (also outside of the ends), and the value at a place. No place for NaN, or for <= 0 on a logarithmic axis: NaN.
double viz_scale_place(const viz_scale *s, double value);
double viz_scale_value(const viz_scale *s, double place);

// Round ends around [least, greatest], with room for about `most` ticks. A plain axis begins at zero when nothing is negative.
// Values that make no axis (NaN, infinite, nothing above zero on a logarithmic one) give 0 … 1, or 1 … 10.
void viz_scale_fit(viz_scale *s, double least, double greatest, int most);

enum { VIZ_TICKS_MOST = 16 };
typedef struct { double value; char word[32]; } viz_tick;
// Ticks at 1, 2 or 5 times a power of ten (a clock: at whole and round times), at most `most` of them, all within the ends. Returns how many.
int viz_ticks(const viz_scale *s, int most, viz_tick ticks[VIZ_TICKS_MOST]);

// "1,440", "0.25": with so many decimals and thousands apart; "2.5M" from a million on. Returns `out`.
const char *viz_number(double value, int decimals, char *out, size_t room);

#endif
