#ifndef SLABPROOF_MODEL_CHECK_RUN_H_
#define SLABPROOF_MODEL_CHECK_RUN_H_

#include <cstdint>
#include <functional>
#include <string>

#include "slabproof/model/check_job.h"
#include "slabproof/model/check_options.h"
#include "slabproof/model/check_report.h"
#include "slabproof/model/trace.h"

namespace slabproof::model {

/// A job's result, and what was seen on the way.
struct JobOutcome {
  RunResult result;
  Trace trace;  ///< of the violation, else of the witness if one was asked for, else empty
};

/// Told now and then how far a search has come.
using Progress = std::function<void(const CheckJob& job, std::uint64_t executions, double seconds)>;

/// Explores a job on the slab that this program is linked with, and judges every execution by the
/// oracle. What the job says an exhaustive search must find is judged as well. Without a violation
/// and with `want_witness`, the trace is that of an execution with the greatest over-growth.
[[nodiscard]] JobOutcome run_job(const CheckJob& job, const CheckOptions& options,
                                 bool want_witness, const Progress& progress);

/// Runs one recorded execution again, with its trace.
[[nodiscard]] JobOutcome replay(const RecordedExecution& recorded);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CHECK_RUN_H_
