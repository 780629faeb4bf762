// An interactive's state stands in the page's address, one parameter a setting that is not the default:
// ?backward_product.depth=30. The anchor and other interactives' settings stay as they are.

/** The setting as the address has it, or null. */
export function read(interactive, key) {
  return new URLSearchParams(location.search).get(`${interactive}.${key}`);
}

/** Write all settings, an object of strings; those equal to `defaults` leave the address. */
export function write(interactive, settings, defaults) {
  const address = new URL(location.href);
  for (const [key, value] of Object.entries(settings)) {
    if (value === defaults[key]) address.searchParams.delete(`${interactive}.${key}`);
    else address.searchParams.set(`${interactive}.${key}`, value);
  }
  history.replaceState(history.state, "", address);
}
