#ifndef SLABPROOF_TESTS_SUPPORT_SYSTEM_CALLS_H_
#define SLABPROOF_TESTS_SUPPORT_SYSTEM_CALLS_H_

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace slabproof::testing {

/// A system call by its number, and by the value of one of its arguments where there is an
/// `argument`.
struct SystemCall {
  long number;
  int argument = -1;
  std::uint32_t value = 0;
};

/// From now on the kernel answers these calls of this process with `answer`, one of SECCOMP_RET_*,
/// and does nothing. For a child process, since nobody can take it back. False where the system has
/// no such filters.
inline bool answer_system_call(SystemCall call, std::uint32_t answer) {
  constexpr std::size_t kLowWord = std::endian::native == std::endian::big ? 4 : 0;
  const auto number = static_cast<std::uint32_t>(call.number);
  const bool is_any = call.argument < 0;
  const auto looked_at = static_cast<std::uint32_t>(
      is_any
          ? offsetof(seccomp_data, nr)
          : offsetof(seccomp_data, args) + 8 * static_cast<std::size_t>(call.argument) + kLowWord);
  std::array<sock_filter, 6> filter = {
      sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 3, number},
      sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, looked_at},
      sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, is_any ? number : call.value},
      sock_filter{BPF_RET | BPF_K, 0, 0, answer},
      sock_filter{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  const sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// The same, with an error of the kernel.
inline bool refuse_system_call(SystemCall call, int error) {
  return answer_system_call(call, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error));
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_SYSTEM_CALLS_H_
