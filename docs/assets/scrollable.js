// What is wider than the page and scrolls by itself is reached by keyboard too; what fits is no stop on the way.
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
const views = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) sizes.observe(target);
});
document.querySelectorAll(".table, mjx-container[display], .jp-Cell pre").forEach((element) => views.observe(element));
