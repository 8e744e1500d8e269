// real/samples.c - see samples.h.
#include "real/samples.h"

#include <stdlib.h>

static void make_room(real_samples *s, size_t count)
{
    if (s->count + count <= s->room)
        return;
    s->room = s->room * 2 > s->count + count ? s->room * 2 : s->count + count + 1024;
    s->seconds = hr_realloc(s->seconds, s->room * sizeof *s->seconds);
}

void real_samples_add(real_samples *s, hr_time took)
{
    make_room(s, 1);
    s->seconds[s->count++] = (double)took * 1e-9;
}

void real_samples_join(real_samples *s, const real_samples *more)
{
    make_room(s, more->count);
    for (size_t i = 0; i < more->count; i++)
        s->seconds[s->count++] = more->seconds[i];
}

void real_samples_free(real_samples *s)
{
    free(s->seconds);
    *s = (real_samples){0};
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void real_samples_quantiles(real_samples *s, double *table, size_t count)
{
    HR_ASSERT(s->count > 0 && count > 1);
    qsort(s->seconds, s->count, sizeof *s->seconds, by_value);
    for (size_t i = 0; i < count; i++) {
        double place = (double)i / (double)(count - 1) * (double)(s->count - 1);
        size_t k = (size_t)place;
        double rest = place - (double)k, next = k + 1 < s->count ? s->seconds[k + 1] : s->seconds[k];
        table[i] = s->seconds[k] + rest * (next - s->seconds[k]);
    }
}

double real_samples_mean(const real_samples *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->count; i++)
        sum += s->seconds[i];
    return s->count ? sum / (double)s->count : 0;
}
