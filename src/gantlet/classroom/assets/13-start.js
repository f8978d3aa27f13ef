/* The page starts; programs (and the tests) reach the same code by `window.gantlet`. */

window.gantlet = {
  /* Train on given first weights and batches {real, z, alpha}, in the order of use; return each step's losses and the last weights. */
  train({ config, first, batches, steps }) {
    const game = new Game(config, first.generator, first.discriminator);
    let at = 0;
    const next = () => {
      const { real, z, alpha } = batches[at++];
      return { real: Float64Array.from(real), z: Float64Array.from(z), alpha: alpha && Float64Array.from(alpha) };
    };
    const losses = Array.from({ length: steps }, () => game.step(next));
    return { losses, last: { generator: [...game.generator.values], discriminator: [...game.discriminator.values] } };
  },

  /* The gradient by all parameters of (r1) γ/2 mean ‖∇D‖² or (gradient-penalty) λ mean (‖∇D‖ − 1)² at points [n, 2]. */
  penaltyGradient({ config, values, points, penalty, weight }) {
    const game = new Game({ ...config, batch: points.length / 2 }, null, values);
    const network = game.discriminator;
    const pass = network.forward(Float64Array.from(points), points.length / 2);
    const loss = penalty === "r1" ? game.squaredSlopes(pass, weight) : game.slopesNearOne(pass, weight);
    return { loss, gradient: [...network.gradient] };
  },

  /* Solve the transport to targets [n][2] from [−half, half]²: weights, masses, singular edges. */
  transport({ targets, half, neighbours, limit }) {
    const solved = new Transport(targets, half).solve();
    return { ...seen(solved, neighbours, limit), steps: solved.steps };
  },

  /* The cells of given weights. */
  diagram({ targets, half, weights, neighbours, limit }) {
    const transport = new Transport(targets, half);
    transport.look(Float64Array.from(weights));
    return seen(transport, neighbours, limit);
  },

  modes: ({ points, data }) => countModes(Float64Array.from(points), data),
  draws: ({ seed, n, data }) => [...drawPoints(data, n, new Random(seed))],
  shapes,
  games,
  state: () => ({ step: player.lesson.step, history: player.lesson.history.length, playing: player.playing }),
};

function seen(transport, neighbours, limit) {
  const singular = transport.singular(neighbours, limit);
  return {
    weights: [...transport.weights],
    masses: transport.masses,
    edges: transport.edges.map(({ i, j }) => [i, j]),
    singular: singular.map(({ i, j }) => [i, j]),
    length: singular.reduce((sum, edge) => sum + edge.length, 0),
  };
}

bindGame();
bindTransport();
bindClaims();
choose(element("data").value, element("objective").value);
for (const watched of [matchMedia("(prefers-color-scheme: dark)"), calm]) {
  watched.addEventListener("change", () => {
    show();
    showTransport();
  });
}
addEventListener("resize", () => {
  show();
  showTransport();
});
