#include "model/campaign/worker_pool.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace slabproof::model {
namespace {

constexpr int kTickMilliseconds = 200;

/// Writes all of `text`; false where the other side is gone.
bool write_all(int socket, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count =
        ::send(socket, text.data() + written, text.size() - written, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    written += static_cast<std::size_t>(count);
  }
  return true;
}

/// Lines from a socket.
class LineReader {
 public:
  explicit LineReader(int socket) : socket_(socket) {}

  /// Reads what there is, waiting for at least a byte; false at the end.
  bool fill() {
    char buffer[4096];
    ssize_t count = 0;
    do {
      count = ::recv(socket_, buffer, sizeof(buffer), 0);
    } while (count < 0 && errno == EINTR);
    if (count <= 0) return false;
    text_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }
  std::optional<std::string> next() {
    const std::size_t end = text_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    return line;
  }

 private:
  int socket_;
  std::string text_;
};

// An exception must not go on as a second copy of the caller: it ends the worker.
[[noreturn]] void serve(int socket, const WorkerPool::Work& work) noexcept {
  LineReader requests(socket);
  for (;;) {
    while (const auto line = requests.next()) {
      const std::string report = work(std::strtoull(line->c_str(), nullptr, 10));
      if (!write_all(socket, report + "\n")) ::_exit(0);
    }
    if (!requests.fill()) ::_exit(0);
  }
}

/// A process that is busy with one task, or idle.
class Worker {
 public:
  explicit Worker(const WorkerPool::Work& work) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      throw std::system_error(errno, std::generic_category(), "cannot make a worker");
    }
    // What is buffered would be written by both processes.
    std::fflush(nullptr);
    process_ = ::fork();
    if (process_ < 0) {
      throw std::system_error(errno, std::generic_category(), "cannot make a worker");
    }
    if (process_ == 0) {
      // The other workers hold a copy of the caller's socket, so it does not close when the caller
      // dies.
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::close(ends[0]);
      serve(ends[1], work);
    }
    ::close(ends[1]);
    socket_ = ends[0];
    reader_.emplace(socket_);
  }
  ~Worker() {
    ::close(socket_);
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] LineReader& reader() { return *reader_; }
  /// A worker that is gone is noticed when its socket is read.
  void give(std::size_t task) {
    task_ = task;
    static_cast<void>(write_all(socket_, std::to_string(task) + "\n"));
  }
  [[nodiscard]] std::optional<std::size_t> task() const { return task_; }
  void finish() { task_.reset(); }

 private:
  pid_t process_ = -1;
  int socket_ = -1;
  std::optional<LineReader> reader_;
  std::optional<std::size_t> task_;
};

/// One run of the pool: the tasks that wait, the workers, and how often a task lost its worker.
class Run {
 public:
  Run(const std::vector<std::size_t>& tasks, const WorkerPool::Work& work,
      const WorkerPool::Done& done)
      : waiting_(tasks.begin(), tasks.end()), work_(work), done_(done) {}

  void start_workers(std::size_t count) {
    for (std::size_t i = 0; i < count && !waiting_.empty(); ++i) start_worker();
  }
  [[nodiscard]] bool is_busy() const { return !workers_.empty(); }
  [[nodiscard]] std::vector<std::size_t> take_given_up() { return std::move(given_up_); }

  void wait() {
    std::vector<pollfd> polled;
    for (const auto& [socket, worker] : workers_) polled.push_back({socket, POLLIN, 0});
    if (::poll(polled.data(), polled.size(), kTickMilliseconds) <= 0) return;
    for (const pollfd& each : polled) {
      if (each.revents != 0) listen(each.fd);
    }
  }

 private:
  void start_worker() {
    auto worker = std::make_unique<Worker>(work_);
    worker->give(next_task());
    const int socket = worker->socket();
    workers_.emplace(socket, std::move(worker));
  }
  std::size_t next_task() {
    const std::size_t task = waiting_.front();
    waiting_.pop_front();
    return task;
  }

  void listen(int socket) {
    Worker& worker = *workers_.at(socket);
    if (!worker.reader().fill()) {
      lose(socket);
      return;
    }
    while (const auto report = worker.reader().next()) {
      const std::size_t task = *worker.task();
      worker.finish();
      done_(task, *report);
      if (waiting_.empty()) {
        workers_.erase(socket);
        return;
      }
      worker.give(next_task());
    }
  }

  void lose(int socket) {
    const std::size_t task = *workers_.at(socket)->task();
    workers_.erase(socket);
    if (++deaths_[task] == WorkerPool::kMaxAttempts) {
      given_up_.push_back(task);
    } else {
      waiting_.push_front(task);
    }
    if (!waiting_.empty()) start_worker();
  }

  std::deque<std::size_t> waiting_;
  const WorkerPool::Work& work_;
  const WorkerPool::Done& done_;
  std::map<int, std::unique_ptr<Worker>> workers_;
  std::map<std::size_t, unsigned> deaths_;
  std::vector<std::size_t> given_up_;
};

}  // namespace

std::vector<std::size_t> WorkerPool::run(const std::vector<std::size_t>& tasks, const Done& done,
                                         const Tick& tick) {
  Run run(tasks, work_, done);
  run.start_workers(workers_);
  while (run.is_busy() && !is_stopped_) {
    tick();
    run.wait();
  }
  return run.take_given_up();
}

}  // namespace slabproof::model
