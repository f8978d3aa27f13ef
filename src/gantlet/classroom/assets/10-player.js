/* The controls of the game: play, step, scrub; data set, objective, activation, seed. */

const element = (id) => document.getElementById(id);
const { games, data: shapes } = JSON.parse(element("numbers").textContent);
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const player = { lesson: null, playing: false, view: null, drawn: 0, said: 0 };

function startLesson() {
  const [shape, name] = [element("data").value, element("objective").value];
  const config = { ...games[name], activation: element("activation").value };
  player.lesson = new Lesson(config, shapes[shape], Math.max(0, Math.floor(Number(element("seed").value) || 0)));
  player.view = null;
  element("words").textContent = config.words;
  const tanh = config.activation === "tanh";
  const command = shapes[shape].commands[name];
  element("command").textContent = command
    ? tanh ? command.replace(/(mlp\[[^\]]*)\]/, "$1,activation=tanh]") : command
    : "The C is drawn by this page alone; choose another data set for the command.";
  pause();
  show();
}

function show() {
  const { lesson, view } = player;
  const scrub = element("scrub");
  scrub.max = lesson.history.length;
  scrub.value = view ?? lesson.history.length;
  const state = lesson.at(view ?? lesson.history.length);
  scrub.setAttribute("aria-valuetext", `step ${state.step}`);
  element("at").textContent = state.step.toLocaleString("en");
  element("newest").textContent = view === null ? "" : `(seen again; the newest is ${lesson.step.toLocaleString("en")})`;
  const fake = state.generator.forward(lesson.latents, SHOWN).out;
  drawGamePoints(element("points"), lesson.real, fake, lesson.data);
  drawSurface(element("surface"), element("surface-range"), state.discriminator, lesson.real);
  const clip = lesson.config.penalties["weight-clipping"]?.clip;
  drawWeights(element("weights"), element("weights-text"), state.discriminator.values, clip);
  drawModes(element("modes"), element("modes-text"), lesson.history, state.step, lesson.data);
  drawLosses(element("losses"), lesson.history, state.step);
  player.drawn = performance.now();
  say(state);
}

/* The sentence belongs to the pictures, so it changes with them. A screen reader reads its copy, which changes every two seconds while it plays. */
function say({ step, count }) {
  const { data } = player.lesson;
  const share = ({ value, low, high }) => `${(100 * value).toFixed(1)} % [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
  element("status").textContent =
    `Step ${step.toLocaleString("en")}: ${count.modes} of ${data.pieces} ${data.counted} found ` +
    `[${count.low.toFixed(1)}, ${count.high.toFixed(1)}], ${share(count.good)} of ${COUNTED.toLocaleString("en")} points within 3σ (95 % intervals).`;
  if (player.playing && performance.now() - player.said < 2000) return;
  player.said = performance.now();
  element("spoken").textContent = element("status").textContent;
}

function pause() {
  player.playing = false;
  element("play").textContent = "Play";
}

function play() {
  player.playing = true;
  player.view = null;
  element("play").textContent = "Pause";
  requestAnimationFrame(frame);
}

/* As many steps as fit between two pictures; with reduced motion two pictures a second. */
function frame() {
  if (!player.playing) return;
  const started = performance.now();
  do player.lesson.advance();
  while (performance.now() - started < 24);
  if (!allFinite()) stopped();
  if (!calm.matches || performance.now() - player.drawn > 500) show();
  if (player.playing) setTimeout(() => requestAnimationFrame(frame), 0);
}

const allFinite = () => player.lesson.game.generator.values.every(Number.isFinite);

function stopped() {
  pause();
  element("words").textContent = "The training diverged: a weight is no finite number. Start again, with another seed.";
}

function press() {
  pause();
  player.view = null;
  for (let k = Number(element("stride").value); k > 0 && allFinite(); k--) player.lesson.advance();
  if (!allFinite()) stopped();
  show();
}

function choose(data, objective) {
  element("data").value = data;
  element("objective").value = objective;
  startLesson();
  startTransport();
}

function bindGame() {
  element("play").addEventListener("click", () => {
    if (player.playing) {
      pause();
      show();
    } else play();
  });
  element("step").addEventListener("click", press);
  element("restart").addEventListener("click", startLesson);
  for (const id of ["objective", "activation", "seed"]) element(id).addEventListener("change", startLesson);
  element("data").addEventListener("change", () => choose(element("data").value, element("objective").value));
  element("scrub").addEventListener("input", (event) => {
    pause();
    const index = Number(event.target.value);
    player.view = index < player.lesson.history.length ? index : null;
    show();
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "p") element("play").click();
    if (event.key === "s") element("step").click();
  });
}
