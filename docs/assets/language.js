// A reader who changes the language stays at the section in view, whose heading has the same id there, with the settings of the interactives.
const stay = ({ currentTarget: link }) => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.getBoundingClientRect();
  const passed = [...document.querySelectorAll("article :is(h1, h2, h3)[id]")].filter(
    (heading) => heading.getBoundingClientRect().top < innerHeight / 3,
  );
  link.search = location.search;
  link.hash = target && target.bottom > 0 && target.top < innerHeight ? location.hash : passed.length > 1 ? passed.at(-1).id : "";
};
document.querySelectorAll("a[hreflang]").forEach((link) => {
  link.addEventListener("click", stay);
  link.addEventListener("auxclick", stay);
});
