// Numbers as the pages write them.
const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** 10⁻³ for −3. */
export function power_of_ten(exponent) {
  return `10${[...String(exponent)].map((digit) => SUPERSCRIPTS[digit]).join("")}`;
}

/** `digits` significant digits: 0.235, 12.0, −3, 2.9 × 10⁻¹⁹. */
export function numeral(x, digits = 3) {
  if (x === 0) return "0";
  const [mantissa, exponent] = x.toExponential(digits - 1).split("e").map(Number);
  const written = Math.abs(exponent) < 4 ? x.toPrecision(digits) : `${mantissa.toFixed(digits - 1)}\u00a0×\u00a0${power_of_ten(exponent)}`;
  return (written.includes("e") ? String(Number(written)) : written).replace("-", "−");
}
