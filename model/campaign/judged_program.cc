#include "model/campaign/judged_program.h"

#include "model/slab/subject_factory.h"

namespace slabproof::model {

JudgedProgram::JudgedProgram(const SlabSetup& slab, const Program& program)
    : slab_(make_subject(slab)),
      execution_(*slab_, program, slab),
      oracle_(execution_.setting(), program) {
  execution_.set_judge([this](const History& history) { return oracle_.judge(history); });
}

}  // namespace slabproof::model
