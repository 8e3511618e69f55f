// Where the HTTP service's thread leaves a request for the loop and fetches the page: neither waits with a lock held,
// and what the page shows and stores is touched by the loop alone.
//
//   Free --ask--> Asked --take--> Rendering --answer--> Answered --fetch--> Free
//                   \--give_up--> Free
//
// Each thread changes the state only where it is its turn; give_up() and take() both may, in one instruction each.
#pragma once

#include <atomic>

#include "setup_page.h"

namespace shade {

class PageDesk {
 public:
  // The HTTP thread's. False: the page before is still being made.
  bool ask(const char* form);
  bool answered() const { return state_ == State::Answered; }
  // False: it is being made; the answer must be waited for.
  bool give_up();
  void fetched() { state_ = State::Free; }

  // The loop's. Null: nobody asks.
  const char* take();
  char* page() { return page_; }
  void answer(SetupPage::Outcome outcome);

  SetupPage::Outcome outcome() const { return outcome_; }

 private:
  enum class State : int { Free, Asked, Rendering, Answered };

  std::atomic<State> state_{State::Free};
  SetupPage::Outcome outcome_ = SetupPage::Outcome::Asked;
  char form_[SetupPage::kMaxForm + 1];
  char page_[SetupPage::kMaxPage];
};

}  // namespace shade
