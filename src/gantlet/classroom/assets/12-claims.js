/* Guess first: a claim's answer opens when a guess is locked, and a locked guess stays. */

function bindClaims() {
  document.querySelectorAll(".claim").forEach((claim) => {
    const [form, answer] = [claim.querySelector("form"), claim.querySelector(".answer")];
    const lock = form.querySelector("button[type=submit]");
    form.reset();
    form.addEventListener("change", () => (lock.disabled = false));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const guess = form.querySelector("input:checked");
      if (!guess || claim.dataset.guess) return;
      open(claim, Number(guess.value), Number(claim.dataset.right));
      lock.remove();
      answer.focus();
    });
    form.querySelector(".try")?.addEventListener("click", ({ currentTarget }) => {
      choose(currentTarget.dataset.shape, currentTarget.dataset.game);
      element("game").scrollIntoView({ behavior: calm.matches ? "auto" : "smooth" });
      element("play").focus({ preventScroll: true });
    });
  });
}

function open(claim, guess, right) {
  claim.dataset.guess = guess;
  const labels = [...claim.querySelectorAll(".guess")];
  labels.forEach((label, k) => {
    label.querySelector("input").disabled = true;
    if (k === right) label.classList.add("is-right");
    else if (k === guess) label.classList.add("is-wrong");
  });
  labels[right].querySelector(".mark").textContent = "✓ measured";
  if (guess !== right) labels[guess].querySelector(".mark").textContent = "✗ your guess";
  claim.querySelector(".outcome").textContent = guess === right ? "Your guess holds what was measured." : "Your guess does not hold what was measured.";
  claim.querySelector(".answer").hidden = false;
  const guessed = [...document.querySelectorAll(".claim[data-guess]")];
  const hits = guessed.filter(({ dataset }) => dataset.guess === dataset.right).length;
  element("score").textContent = `${guessed.length} of ${document.querySelectorAll(".claim").length} guessed, ${hits} right.`;
}
