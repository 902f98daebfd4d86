// An address from elsewhere names a section without our prefix: /eng/rota#tuesdays finds it too.
function find() {
  let name;
  try {
    name = decodeURIComponent(location.hash.slice(1));
  } catch {
    return; // not an encoding of anything
  }
  if (name && !document.getElementById(name)) document.getElementById(`sec-${name}`)?.scrollIntoView();
}

addEventListener("hashchange", find);
find();
