#include "model/campaign/judged_program.h"

#include "model/slab/subject_factory.h"

namespace slabproof::model {
namespace {

std::variant<Oracle, FastPathOracle> oracle_for(const Setting& setting, const SlabTraits& traits,
                                                const Program& program) {
  if (setting.family == SlabFamily::kShared) return Oracle(setting, program);
  return FastPathOracle(setting, traits, program);
}

}  // namespace

JudgedProgram::JudgedProgram(const SlabSetup& slab, const Program& program)
    : slab_(make_subject(slab)),
      execution_(*slab_, program, slab),
      oracle_(oracle_for(execution_.setting(), slab_->traits(), program)) {
  execution_.set_judge([this](const History& history) {
    return std::visit([&](auto& oracle) { return oracle.judge(history); }, oracle_);
  });
  if (Oracle* const oracle = std::get_if<Oracle>(&oracle_)) execution_.set_follower(*oracle);
}

const Measures& JudgedProgram::measures() const noexcept {
  return std::visit([](const auto& oracle) -> const Measures& { return oracle.measures(); },
                    oracle_);
}

}  // namespace slabproof::model
