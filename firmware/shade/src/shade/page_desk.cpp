#include "page_desk.h"

#include <stdio.h>

namespace shade {

bool PageDesk::ask(const char* form) {
  if (state_ != State::Free) return false;
  snprintf(form_, sizeof form_, "%s", form);
  state_ = State::Asked;
  return true;
}

bool PageDesk::give_up() {
  State asked = State::Asked;
  return state_.compare_exchange_strong(asked, State::Free);
}

const char* PageDesk::take() {
  State asked = State::Asked;
  return state_.compare_exchange_strong(asked, State::Rendering) ? form_ : nullptr;
}

void PageDesk::answer(SetupPage::Outcome outcome) {
  outcome_ = outcome;
  state_ = State::Answered;
}

}  // namespace shade
