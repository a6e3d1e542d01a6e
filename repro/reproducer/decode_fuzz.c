/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer target: any bytes are a plan of the subject that the first byte says; its run comes
 * back the same from text and from bytes. */
#include "fuzz/subjects.h"
#include "repro/reproducer/round_trip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct round_trip trip;
    if (size == 0)
        return -1;
    round_trip(&trip, subject_at(data[0] % subject_count()), data + 1, size - 1, STEPS_MAX);
    return 0;
}
