// How promptly the kernel runs a thread that waits for packets.
//
// A thread that wakes up behind busy neighbours waits until one of them has used up its slice (up to a tick, 4 ms with
// CONFIG_HZ=250). Two remedies: a nice value below theirs, and a short slice of its own, which brings its deadline
// forward on wake-up (EEVDF, Linux 6.12 and later; ignored before).
//
// Thread   acts on the calling thread.
// Errors   EPERM without CAP_SYS_NICE: name and slice are set, the nice value stays.
// Source   sched_setattr(2), Documentation/scheduler/sched-eevdf.rst
// Tests    tests/unit/datapath/base/scheduling_test.cpp
#pragma once

#include <string_view>

#include "datapath/base/result.h"

namespace bulkhead {

// `name`: up to 15 bytes, shown by ps -L. `nice`: -20 .. 19.
[[nodiscard]] Status make_prompt(std::string_view name, int nice);

}  // namespace bulkhead
