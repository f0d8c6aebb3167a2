// Returns the number of visible texts, then each text, bar or border with less contrast to its
// background than WCAG 2.2 requires (1.4.3: 4.5 for text; 1.4.11: 3 for other visible parts).
const channel = (value) =>
  value <= 10.31475 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4;

const light = (color) => {
  const [red, green, blue] = color.match(/[\d.]+/g).map(Number).map(channel);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const ground = (element) => {
  const color = getComputedStyle(element).backgroundColor;
  return color.endsWith(", 0)") ? ground(element.parentElement) : color;
};

const contrast = (element, property) => {
  const [one, other] = [light(getComputedStyle(element)[property]), light(ground(element))];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
};

const faint = (elements, property, least) =>
  elements.filter((each) => contrast(each, property) < least).map((each) => each.outerHTML);

const all = (css) => [...document.querySelectorAll(css)];
const texts = all("body :not(svg *)").filter(
  (each) => each.getClientRects().length && [...each.childNodes].some((node) => node.data?.trim()));

return [
  texts.length,
  ...faint(texts, "color", 4.5),
  ...faint(all("svg text"), "fill", 4.5),
  ...faint(all("path.bars"), "fill", 3),
  ...faint(all("button, select"), "borderTopColor", 3),
];
