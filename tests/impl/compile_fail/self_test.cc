// What compile_fail_test itself is tested with: its message comes with the error only.
#ifdef POSITIVE_CONTROL
constexpr int kSlots = 1;
#else
constexpr int kSlots = 0;
#endif

static_assert(kSlots > 0, "a slab must have a slot");
