// sim/policy/settings.c - one rule for all families of policies: what is ignored is refused.
#include "sim/policy/settings.h"

hr_status sim_settings_fit(const sim_setting *table, const char *policy, unsigned uses, unsigned needs, unsigned given, hr_error *e)
{
    for (const sim_setting *s = table; s->word; s++) {
        if (given & s->bit & ~uses)
            return hr_fail(e, HR_BAD_INPUT, "%s does not use `%s`", policy, s->word);
        if (needs & s->bit & ~given)
            return hr_fail(e, HR_BAD_INPUT, "%s needs `%s`", policy, s->word);
    }
    return HR_OK;
}
