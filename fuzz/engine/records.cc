#include "fuzz/engine/records.h"

#include <algorithm>
#include <array>

#include "model/program/shrink.h"

namespace slabproof::fuzz {
namespace {

/// An input taken apart; its last record is made whole.
struct Parts {
  Input header;
  std::vector<Input> records;
};

Parts take_apart(Bytes input, RecordShape shape) {
  Parts parts;
  const std::size_t header_size = std::min(shape.header_size, input.size());
  parts.header.assign(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(header_size));
  parts.header.resize(shape.header_size);
  for (Bytes rest = input.subspan(header_size); !rest.empty();) {
    const std::size_t size = std::min(shape.record_size, rest.size());
    parts.records.emplace_back(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size));
    parts.records.back().resize(shape.record_size);
    rest = rest.subspan(size);
  }
  return parts;
}

/// As many whole records as fit.
Input put_together(const Parts& parts, std::size_t max_size) {
  Input input = parts.header;
  input.resize(std::min(input.size(), max_size));
  for (const Input& record : parts.records) {
    if (input.size() + record.size() > max_size) break;
    input.insert(input.end(), record.begin(), record.end());
  }
  return input;
}

/// A run of records: [first, last).
struct Run {
  std::ptrdiff_t first;
  std::ptrdiff_t last;
};

Run random_run(const std::vector<Input>& records, Random& random) {
  constexpr std::size_t kLongestRun = 16;
  const std::size_t first = random.below(records.size());
  const std::size_t length = random.between(1, std::min(kLongestRun, records.size() - first));
  return {static_cast<std::ptrdiff_t>(first), static_cast<std::ptrdiff_t>(first + length)};
}

void change_byte(Input& bytes, Random& random) {
  if (bytes.empty()) return;
  std::uint8_t& byte = bytes[random.below(bytes.size())];
  switch (random.below(4)) {
    case 0:
      byte = random.byte();
      break;
    case 1:
      ++byte;
      break;
    case 2:
      --byte;
      break;
    default:
      byte = static_cast<std::uint8_t>(byte ^ 1U << random.below(8));
  }
}

void insert_record(std::vector<Input>& records, RecordShape shape, Random& random) {
  Input record(shape.record_size);
  for (std::uint8_t& byte : record) byte = random.byte();
  const std::size_t place = random.between(0, records.size());
  records.insert(records.begin() + static_cast<std::ptrdiff_t>(place), std::move(record));
}

void remove_run(std::vector<Input>& records, Random& random) {
  const Run run = random_run(records, random);
  records.erase(records.begin() + run.first, records.begin() + run.last);
}

void repeat_run(std::vector<Input>& records, Random& random) {
  const Run run = random_run(records, random);
  const std::vector<Input> copy(records.begin() + run.first, records.begin() + run.last);
  const std::size_t times = random.between(1, 8);
  for (std::size_t i = 0; i < times; ++i) {
    records.insert(records.begin() + run.last, copy.begin(), copy.end());
  }
}

void move_run(std::vector<Input>& records, Random& random) {
  const Run run = random_run(records, random);
  std::vector<Input> moved(records.begin() + run.first, records.begin() + run.last);
  records.erase(records.begin() + run.first, records.begin() + run.last);
  const std::size_t place = random.between(0, records.size());
  records.insert(records.begin() + static_cast<std::ptrdiff_t>(place), moved.begin(), moved.end());
}

void edit(Parts& parts, RecordShape shape, Random& random) {
  std::vector<Input>& records = parts.records;
  if (records.empty()) {
    insert_record(records, shape, random);
    return;
  }
  switch (random.below(8)) {
    case 0:
    case 1:
      insert_record(records, shape, random);
      break;
    case 2:
      remove_run(records, random);
      break;
    case 3:
      repeat_run(records, random);
      break;
    case 4:
      move_run(records, random);
      break;
    case 5:
      std::swap(records[random.below(records.size())], records[random.below(records.size())]);
      break;
    case 6:
      change_byte(records[random.below(records.size())], random);
      break;
    default:
      change_byte(parts.header, random);
  }
}

}  // namespace

Input mutate_records(Bytes input, RecordShape shape, std::size_t max_size, Random& random) {
  Parts parts = take_apart(input, shape);
  const std::size_t edits = random.between(1, 4);
  for (std::size_t i = 0; i < edits; ++i) edit(parts, shape, random);
  return put_together(parts, max_size);
}

Input cross_records(Bytes first, Bytes second, RecordShape shape, std::size_t max_size,
                    Random& random) {
  Parts result = take_apart(first, shape);
  const Parts other = take_apart(second, shape);
  if (random.below(4) == 0) result.header = other.header;
  result.records.resize(random.between(0, result.records.size()));
  const std::size_t from = random.between(0, other.records.size());
  result.records.insert(result.records.end(),
                        other.records.begin() + static_cast<std::ptrdiff_t>(from),
                        other.records.end());
  return put_together(result, max_size);
}

std::vector<Input> simpler_records(Bytes input, RecordShape shape) {
  const Parts parts = take_apart(input, shape);
  std::vector<Input> simpler;
  for (const model::Stretch stretch : model::stretches_to_leave_out(parts.records.size())) {
    simpler.push_back(
        put_together({parts.header, model::without(parts.records, stretch)}, input.size()));
  }
  const Input whole(input.begin(), input.end());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const std::array<unsigned, 3> values = {0U, whole[i] / 2U, whole[i] - 1U};
    for (const unsigned value : values) {
      if (value >= whole[i]) continue;
      simpler.push_back(whole);
      simpler.back()[i] = static_cast<std::uint8_t>(value);
    }
  }
  return simpler;
}

}  // namespace slabproof::fuzz
