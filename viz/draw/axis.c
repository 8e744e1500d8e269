// viz/draw/axis.c - see axis.h.
#include "viz/draw/axis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double along(const viz_scale *s, double value)
{
    if (s->kind == VIZ_LOG)
        return value > 0 ? log(value / s->from) / log(s->to / s->from) : NAN;
    return (value - s->from) / (s->to - s->from);
}

double viz_scale_place(const viz_scale *s, double value)
{
    return s->at_from + along(s, value) * (s->at_to - s->at_from);
}

double viz_scale_value(const viz_scale *s, double place)
{
    double share = (place - s->at_from) / (s->at_to - s->at_from);
    return s->kind == VIZ_LOG ? s->from * pow(s->to / s->from, share) : s->from + share * (s->to - s->from);
}

// The least of 1, 2, 5 times a power of ten that is at least x > 0.
static double round_up(double x)
{
    static const double steps[] = {1, 2, 5, 10};
    double power = pow(10, floor(log10(x)));
    for (size_t i = 0; i < HR_COUNT(steps); i++)
        if (x <= steps[i] * power * (1 + 1e-9))
            return steps[i] * power;
    return 10 * power;
}

static double round_down(double x)
{
    double power = pow(10, floor(log10(x))), share = x / power * (1 + 1e-9);
    return (share >= 5 ? 5 : share >= 2 ? 2 : 1) * power;
}

static double step_of(const viz_scale *s, int most)
{
    static const double times[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400};
    double least = (s->to - s->from) / (most > 1 ? most : 1);
    if (s->kind == VIZ_CLOCK && least > 0.5)
        for (size_t i = 0; i < HR_COUNT(times); i++)
            if (least <= times[i])
                return times[i];
    return round_up(least);
}

void viz_scale_fit(viz_scale *s, double least, double greatest, int most)
{
    bool is_log = s->kind == VIZ_LOG;
    if (!isfinite(least) || !isfinite(greatest) || least > greatest || (is_log && least <= 0)) {
        s->from = is_log ? 1 : 0;
        s->to = is_log ? 10 : 1;
        return;
    }
    if (is_log) {
        s->from = round_down(least);
        s->to = round_up(greatest);
        if (s->to <= s->from)
            s->to = s->from * 10;
        return;
    }
    s->from = least >= 0 ? 0 : least;
    s->to = greatest > s->from ? greatest : s->from + 1;
    double step = step_of(s, most);
    s->from = floor(s->from / step + 1e-9) * step;
    s->to = ceil(s->to / step - 1e-9) * step;
}

const char *viz_number(double value, int decimals, char *out, size_t room)
{
    char digits[64];
    double size = fabs(value);
    if (size >= 1e15 || !isfinite(value)) {
        snprintf(out, room, "%.3g", value);
        return out;
    }
    if (size >= 1e6) {
        bool is_giga = size >= 1e9;
        snprintf(out, room, "%.4g%c", value / (is_giga ? 1e9 : 1e6), is_giga ? 'G' : 'M');
        return out;
    }
    snprintf(digits, sizeof digits, "%.*f", decimals, size);
    char *point = strchr(digits, '.');
    size_t whole = point ? (size_t)(point - digits) : strlen(digits);
    const char *sign = value < 0 && strspn(digits, "0.") != strlen(digits) ? "−" : "";
    if (whole > 3)
        snprintf(out, room, "%s%.*s,%s", sign, (int)(whole - 3), digits, digits + whole - 3);
    else
        snprintf(out, room, "%s%s", sign, digits);
    return out;
}

static void add(viz_tick *ticks, int *n, double value, double step, viz_axis_kind kind)
{
    viz_tick *t = &ticks[(*n)++];
    int decimals = step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9);
    t->value = fabs(value) < step * 1e-9 ? 0 : value;
    if (kind == VIZ_CLOCK && step >= 1) {
        long seconds = lround(t->value), minutes = labs(seconds) / 60;
        if (minutes >= 60)
            snprintf(t->word, sizeof t->word, "%s%ld:%02ld:%02ld", seconds < 0 ? "−" : "", minutes / 60, minutes % 60, labs(seconds) % 60);
        else
            snprintf(t->word, sizeof t->word, "%s%ld:%02ld", seconds < 0 ? "−" : "", minutes, labs(seconds) % 60);
    } else {
        viz_number(t->value, decimals, t->word, sizeof t->word);
    }
}

// Decades, with 2 and 5 or with 3 between them as room allows; only every k-th decade where there are too many.
static int log_ticks(const viz_scale *s, int most, viz_tick *ticks)
{
    static const double between[][3] = {{1, 2, 5}, {1, 3, 0}, {1, 0, 0}};
    int first = (int)floor(log10(s->from) + 1e-9), last = (int)ceil(log10(s->to) - 1e-9);
    for (int every = 1;; every++)
        for (size_t set = 0; set < HR_COUNT(between); set++) {
            int n = 0;
            bool fits = true;
            for (int d = first; d <= last && fits; d += every)
                for (int k = 0; k < 3 && between[set][k] > 0 && fits; k++) {
                    double value = between[set][k] * pow(10, d);
                    if (value < s->from * (1 - 1e-9) || value > s->to * (1 + 1e-9))
                        continue;
                    fits = n < most;
                    if (fits)
                        add(ticks, &n, value, pow(10, d), VIZ_LOG);
                }
            if (fits)
                return n;
        }
}

int viz_ticks(const viz_scale *s, int most, viz_tick ticks[VIZ_TICKS_MOST])
{
    most = most < 1 ? 1 : most > VIZ_TICKS_MOST ? VIZ_TICKS_MOST : most;
    if (s->kind == VIZ_LOG)
        return log_ticks(s, most, ticks);
    int n = 0;
    double step = step_of(s, most > 1 ? most - 1 : 1);
    for (double k = ceil(s->from / step - 1e-9); k * step <= s->to + step * 1e-9 && n < most; k++)
        add(ticks, &n, k * step, step, s->kind);
    return n;
}
