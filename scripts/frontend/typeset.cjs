// Typesets TeX with MathJax, one JSON request a line on standard input, one JSON answer a line on standard output:
// {"tex", "display"} → {"html"} or {"error"}; {"stylesheet": true} → {"css"}, the rules that all formulas so far need.
const readline = require("node:readline");

require("mathjax")
  .init({
    loader: { load: ["input/tex", "output/chtml", "a11y/assistive-mml"] },
    tex: {
      packages: { "[-]": ["noundefined"] },
      formatError: (_jax, error) => {
        throw error;
      },
    },
    chtml: { fontURL: "fonts" },
    startup: { typeset: false },
  })
  .then((MathJax) => {
    const adaptor = MathJax.startup.adaptor;
    const answer = (request) => {
      if (request.stylesheet) return { css: adaptor.textContent(MathJax.chtmlStylesheet()) };
      try {
        return { html: adaptor.outerHTML(MathJax.tex2chtml(request.tex, { display: request.display })) };
      } catch (error) {
        return { error: error.message };
      }
    };
    readline
      .createInterface({ input: process.stdin })
      .on("line", (line) => process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\n"));
  });
