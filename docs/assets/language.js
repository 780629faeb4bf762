// A reader who changes the language stays at the section in view, whose heading has the same id there, with the settings of the interactives.
const inView = (element) => {
  const box = element?.getBoundingClientRect();
  return box && box.bottom > 0 && box.top < innerHeight;
};
const section = () => {
  if (inView(document.getElementById(decodeURIComponent(location.hash.slice(1))))) return location.hash;
  if (inView(document.querySelector("article h1"))) return "";
  const headings = [...document.querySelectorAll("article :is(h2, h3)[id]")];
  return headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 3).at(-1)?.id ?? "";
};
document.querySelectorAll("a[hreflang]").forEach((link) => {
  const stay = () => Object.assign(link, { search: location.search, hash: section() });
  link.addEventListener("click", stay);
  link.addEventListener("auxclick", stay);
});
