// Loads the script of an interactive when its box comes near the view. A page has this one script until then.
const folder = document.currentScript.src.replace(/[^/]*$/, "");
const observer = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      const script = document.createElement("script");
      script.src = `${folder}${target.dataset.interactive}.js`;
      document.head.append(script);
    }
  },
  { rootMargin: "400px" },
);
document.querySelectorAll("[data-interactive]").forEach((box) => observer.observe(box));
