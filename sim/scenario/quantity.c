// sim/scenario/quantity.c - see quantity.h.
#include "sim/scenario/quantity.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

static const struct { const char *suffix; int ten, two; } suffixes[] = {
    {"", 0, 0},   {"n", -9, 0},  {"u", -6, 0},  {"m", -3, 0},  {"k", 3, 0},   {"M", 6, 0},   {"G", 9, 0},   {"T", 12, 0}, {"P", 15, 0},
    {"E", 18, 0}, {"Ki", 0, 10}, {"Mi", 0, 20}, {"Gi", 0, 30}, {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60}};

typedef struct {                               // sign * mantissa * 10^ten * 2^two
    bool negative;
    wide mantissa;
    int  ten, two;
} quantity;

// Digits with at most one point. Zeros at the end of a fraction say nothing and are left out.
static const char *read_digits(const char *c, quantity *q)
{
    const wide most = ((wide)1 << 120) / 10;
    int digits = 0, behind_point = 0, zeros = 0;
    bool point = false;
    for (; isdigit((unsigned char)*c) || (*c == '.' && !point); c++) {
        if (*c == '.') {
            point = true;
            continue;
        }
        digits++;
        zeros = point && *c == '0' ? zeros + 1 : 0;
        behind_point += point;
        if (q->mantissa > most)
            return NULL;
        q->mantissa = q->mantissa * 10u + (unsigned char)(*c - '0');
    }
    for (; zeros > 0; zeros--, behind_point--)
        q->mantissa /= 10;
    q->ten = -behind_point;
    return digits ? c : NULL;
}

static bool read_suffix(const char *c, quantity *q)
{
    char *end;
    if ((*c == 'e' || *c == 'E') && c[1]) {
        if (!isdigit((unsigned char)c[1]) && !((c[1] == '-' || c[1] == '+') && isdigit((unsigned char)c[2])))
            return false;
        long exponent = strtol(c + 1, &end, 10);
        q->ten += exponent > -1000 && exponent < 1000 ? (int)exponent : 0;
        return !*end && exponent > -1000 && exponent < 1000;
    }
    for (size_t i = 0; i < HR_COUNT(suffixes); i++)
        if (strcmp(c, suffixes[i].suffix) == 0) {
            q->ten += suffixes[i].ten;
            q->two = suffixes[i].two;
            return true;
        }
    return false;
}

static bool parse(const char *text, quantity *q)
{
    *q = (quantity){.negative = *text == '-'};
    const char *c = read_digits(text + (*text == '-' || *text == '+'), q);
    return c && read_suffix(c, q);
}

bool sim_read_quantity(const char *text, int64_t *milli)
{
    quantity q;
    if (!parse(text, &q))
        return false;
    wide x = q.mantissa;
    bool cut = false;
    if (x && __builtin_mul_overflow(x, (wide)1 << q.two, &x))
        return false;
    for (int e = q.ten + 3; e > 0 && x; e--)
        if (__builtin_mul_overflow(x, (wide)10, &x))
            return false;
    for (int e = q.ten + 3; e < 0 && x; e++) {
        cut = cut || x % 10;
        x /= 10;
    }
    x += cut;
    if (x > INT64_MAX)
        return false;
    *milli = q.negative ? -(int64_t)x : (int64_t)x;
    return true;
}

bool sim_read_quantity_real(const char *text, double *value)
{
    quantity q;
    if (!parse(text, &q))
        return false;
    static const double small[] = {1, 1e-3, 1e-6, 1e-9};
    wide x = q.mantissa;
    for (; q.ten % 3 && x < (wide)1 << 100; q.ten--)           // the canonical form's powers of ten are those of a suffix
        x *= 10;
    for (; q.ten < 0 && x % 1000 == 0 && x; q.ten += 3)
        x /= 1000;
    if (q.ten % 3 || q.ten < -9 || q.ten > 18)
        return false;
    double power = q.ten < 0 ? small[-q.ten / 3] : 1;
    for (; q.ten > 0; q.ten--)
        power *= 10;
    double size = (double)x * power * (double)((uint64_t)1 << q.two);
    *value = q.negative ? -size : size;
    return true;
}
