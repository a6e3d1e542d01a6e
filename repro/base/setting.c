/* SPDX-License-Identifier: BSD-3-Clause */
#include "repro/base/setting.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* UINT32_MAX: there is none of that name. */
static uint32_t setting_find(const struct wedge_subject *subject, const char *name, size_t length)
{
    for (uint32_t i = 0; i < subject->setting_count; i++)
        if (strlen(subject->settings[i].name) == length &&
            memcmp(subject->settings[i].name, name, length) == 0)
            return i;
    return UINT32_MAX;
}

/* `text`: "threads=10"; it ends at `length`. */
static bool read_one(struct fixed_settings *settings, const struct wedge_subject *subject,
                     const char *text, size_t length, char *wrong, size_t size)
{
    size_t name_length = strcspn(text, "=,");
    uint32_t index = setting_find(subject, text, name_length);
    if (index == UINT32_MAX || text[name_length] != '=') {
        snprintf(wrong, size, "%s has no setting \"%.*s\" (see: wedge list %s)", subject->name,
                 (int)length, text, subject->name);
        return false;
    }
    const struct subject_setting *setting = &subject->settings[index];
    const char *digits = text + name_length + 1;
    char *end;
    errno = 0;
    long long value = strtoll(digits, &end, 10);
    if (!isdigit((unsigned char)digits[0]) || end != text + length || errno != 0 ||
        value < setting->minimum || value > setting->maximum) {
        snprintf(wrong, size, "expected %s=%" PRId64 "..%" PRId64 ", found \"%.*s\"", setting->name,
                 setting->minimum, setting->maximum, (int)length, text);
        return false;
    }
    settings->mask |= 1u << index;
    settings->values[index] = value;
    return true;
}

bool settings_read(struct fixed_settings *settings, const struct wedge_subject *subject,
                   const char *text, char *wrong, size_t size)
{
    while (true) {
        size_t length = strcspn(text, ",");
        if (!read_one(settings, subject, text, length, wrong, size))
            return false;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

void settings_apply(const struct fixed_settings *settings, struct plan *plan)
{
    for (uint32_t rest = settings->mask; rest != 0; rest &= rest - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(rest);
        plan->settings[index] = settings->values[index];
    }
}
