// tests/unit/test_lines.c - cutting the rows of a CSV: blanks, quotes, empty fields, too many.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/core/lines.h"

static void test_rows_are_cut_into_fields(void **state)
{
    (void)state;
    static const struct { const char *row; size_t count; const char *field[4]; } rows[] = {
        {"a,b,c", 3, {"a", "b", "c"}}, {"", 1, {""}}, {",", 2, {"", ""}}, {"  a b \t, c\t", 2, {"a b", "c"}},
        {"\"a,b\",c", 2, {"a,b", "c"}}, {"\"say \"\"so\"\"\" , d", 2, {"say \"so\"", "d"}}, {"\" a \",", 2, {" a ", ""}},
        {"\"never closed, x", 1, {"never closed, x"}}, {"a\"b\",c", 2, {"a\"b\"", "c"}}};
    for (size_t i = 0; i < HR_COUNT(rows); i++) {
        char row[64], *field[4];
        snprintf(row, sizeof row, "%s", rows[i].row);
        size_t count;
        assert_true(hr_fields(row, field, 4, &count));
        assert_int_equal(count, rows[i].count);
        for (size_t k = 0; k < count; k++)
            assert_string_equal(field[k], rows[i].field[k]);
    }
}

static void test_too_many_fields_are_told(void **state)
{
    (void)state;
    char four[] = "a,b,c,d", five[] = "a,b,c,d,", *field[4];
    size_t count;
    assert_true(hr_fields(four, field, 4, &count));
    assert_false(hr_fields(five, field, 4, &count));
    assert_int_equal(count, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows_are_cut_into_fields), cmocka_unit_test(test_too_many_fields_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
