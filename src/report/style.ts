/** The style sheet of the page. All colours are variables, so that the same SVG serves light and dark. */

const light = `
  --page: #faf9f6; --surface: #fff; --ink: #1d1c1a; --muted: #68655e; --rule: #dedad1; --grid: #ebe8e1; --axis: #a29e95;
  --backdoor: #d55e00; --clean: #0072b2; --all: #00936b; --mixed: #b6588f; --cover: #c78500; --other: #a9a59c;
  --null: #77736b; --expansion: #e69f00; --compression: #56b4e9; --convergence: #a6b08e; --other-phase: #cc79a7;
  --ramp-a: #f2c14e; --ramp-b: #d1495b; --ramp-c: #2b1d6b; --warn: #fdf3e0; --warn-rule: #dba53a;`;

/** The light colours by the name of their variable. */
export const lightColours: Readonly<Record<string, string>> = Object.fromEntries(
  [...light.matchAll(/(--[\w-]+): (#\w+)/g)].map(([, name, value]) => [name, value]),
);

const dark = `
  --page: #131417; --surface: #1a1c20; --ink: #e9e7e1; --muted: #a3a098; --rule: #34363c; --grid: #2a2c32; --axis: #787a80;
  --backdoor: #ff8b3d; --clean: #56b4f2; --all: #2cc79b; --mixed: #e391c1; --cover: #f0b429; --other: #75777d;
  --null: #a3a5ab; --expansion: #e69f00; --compression: #3f9bd4; --convergence: #7f8a66; --other-phase: #b8638f;
  --ramp-a: #6a4fd0; --ramp-b: #ef6f7e; --ramp-c: #ffe08a; --warn: #2c2519; --warn-rule: #a87d2c;`;

export const style = `
:root {${light} color-scheme: light; }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) {${dark} color-scheme: dark; } }
:root[data-theme="dark"] {${dark} color-scheme: dark; }
@media print { :root:root {${light} color-scheme: light; } .tools, button { display: none !important; } }

* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums;
}
main, header.top, footer { max-width: 1160px; margin: 0 auto; padding: 0 24px; }
h1, h2, .lede { font-family: Charter, "Bitstream Charter", "Iowan Old Style", Georgia, Cambria, serif; }
header.top { padding-top: 34px; }
.kicker { display: flex; justify-content: space-between; align-items: center; gap: 16px; font-size: 13px; color: var(--muted); }
td a, .lede a { color: var(--clean); }
.kicker b { color: var(--ink); letter-spacing: .02em; }
h1 { font-size: clamp(30px, 4.6vw, 46px); line-height: 1.1; letter-spacing: -.015em; margin: 26px 0 14px; overflow-wrap: anywhere; }
h1 span { color: var(--muted); font-weight: 400; }
.lede { font-size: clamp(18px, 2vw, 21px); line-height: 1.5; max-width: 46em; margin: 0 0 10px; }
section { border-top: 1px solid var(--rule); padding: 30px 0 36px; margin-top: 12px; }
h2 { font-size: 25px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -.005em; }
h3 { font-size: 15px; margin: 0 0 2px; }
p.note, .intro { color: var(--muted); max-width: 50em; margin: 4px 0 18px; }
.intro { font-size: 15px; }
p.note { font-size: 14px; margin: 12px 0 0; }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); margin: 26px 0 8px; border-top: 2px solid var(--ink); }
.facts.few { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); border-top: 1px solid var(--rule); }
.facts div { padding: 12px 14px 10px 0; }
.facts dt { font-size: 12.5px; line-height: 1.35; color: var(--muted); }
.facts dd { margin: 2px 0 0; font-size: 25px; line-height: 1.25; letter-spacing: -.01em; }
.facts dd small { display: block; font-size: 12.5px; line-height: 1.35; letter-spacing: 0; color: var(--muted); }

.warnings { background: var(--warn); border-left: 3px solid var(--warn-rule); padding: 12px 18px; margin: 20px 0 8px; }
.warnings ul { margin: 4px 0 0; padding-left: 18px; font-size: 14.5px; }
.warnings li { margin: 3px 0; max-width: 60em; overflow-wrap: anywhere; }

.grid { display: grid; gap: 26px 28px; align-items: start; }
.grid.three { grid-template-columns: repeat(auto-fit, minmax(min(100%, 310px), 1fr)); }
.grid.two { grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); }
figure { margin: 0; min-width: 0; position: relative; }
.grid.three:not(.top) { align-items: end; }
.medium { max-width: 620px; margin-bottom: 22px; }
.plot.narrow { display: none; }
figcaption { font-size: 13.5px; line-height: 1.4; color: var(--muted); margin-bottom: 8px; padding-right: 50px; }
figcaption b { color: var(--ink); font-weight: 600; }
.plot { overflow-x: auto; max-width: 640px; } .plot.third { max-width: 430px; }
svg.figure { width: 100%; height: auto; display: block; color: var(--ink); --plot-background: var(--surface); }
svg.figure text { fill: currentColor; }
button { font: inherit; color: var(--muted); background: none; border: 1px solid var(--rule); border-radius: 6px; cursor: pointer; }
button:hover, button:focus-visible { color: var(--ink); border-color: var(--axis); }
button.save { position: absolute; top: -1px; right: 0; font-size: 11px; line-height: 1; padding: 4px 6px; }
@media (hover: hover) { button.save { opacity: 0; } figure:hover .save, .save:focus-visible { opacity: 1; } }
.kicker button { font-size: 13px; padding: 4px 10px; white-space: nowrap; }
.legend { display: flex; flex-wrap: wrap; gap: 5px 20px; list-style: none; padding: 0; margin: 0 0 16px; font-size: 13.5px; }
.legend li { display: flex; align-items: center; gap: 8px; }
.legend .box { opacity: .65; width: 22px; height: 12px; border-radius: 2px; border: 1px solid var(--rule); }
.legend .box.open { border: 1px dashed var(--axis); }
svg.swatch { flex: none; }
.legend.below { margin-top: 14px; } .legend + .legend, figure + .legend { margin-top: 10px; }
.epochs { display: flex; gap: 8px; align-items: center; margin-top: 4px; }
.ramp { height: 9px; flex: 0 1 130px; min-width: 80px; border-radius: 5px; background: linear-gradient(in oklab to right, var(--ramp-a), var(--ramp-b), var(--ramp-c)); }

.texts dt { color: var(--muted); font-size: 12.5px; margin-top: 8px; } .texts dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.texts ins { background: none; text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: 3px; font-weight: 600; } .texts del { color: var(--muted); }
.gallery { display: grid; grid-auto-flow: column; grid-template-rows: auto repeat(3, auto); grid-template-columns: max-content; gap: 8px 10px; justify-content: start; overflow-x: auto; font-size: 12.5px; color: var(--muted); padding-bottom: 6px; }
.gallery img { width: 104px; height: auto; image-rendering: pixelated; display: block; border-radius: 2px; outline: 1px solid var(--rule); }
.gallery span { align-self: center; }
.gallery .head { align-self: end; max-width: 104px; overflow-wrap: anywhere; line-height: 1.25; }
.gallery .side { padding-right: 8px; position: sticky; left: 0; background: var(--page); height: 100%; display: flex; align-items: center; }

code > span { display: inline-block; max-width: 100%; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin-top: 12px; max-height: 560px; overflow-y: auto; border: 1px solid var(--rule); --shade: color-mix(in srgb, var(--ink) 24%, transparent);
  /* A shade at a side on which more columns wait: the first two layers move with the table and cover it at the ends. */
  background: linear-gradient(90deg, var(--surface) 40%, transparent) 0 0 / 36px 100% no-repeat local, linear-gradient(270deg, var(--surface) 40%, transparent) 100% 0 / 36px 100% no-repeat local, linear-gradient(90deg, var(--shade), transparent) 0 0 / 12px 100% no-repeat scroll, linear-gradient(270deg, var(--shade), transparent) 100% 0 / 12px 100% no-repeat scroll, var(--surface); }
.scroll.open { max-height: none; }
table { border-collapse: collapse; font-size: 13px; width: 100%; }
th, td { padding: 5px 12px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
th { position: sticky; top: 0; background: var(--surface); font-weight: 600; box-shadow: inset 0 -1px var(--axis); vertical-align: bottom; z-index: 1; }
td.t, th.t { text-align: left; }
td.wrap { white-space: normal; overflow-wrap: anywhere; }
td.flag { color: var(--backdoor); text-align: left; }
.scroll + .intro { margin-top: 14px; }
pre.command { font-size: 13px; white-space: pre-wrap; overflow-wrap: anywhere; margin: 8px 0 0; padding: 10px 14px; border: 1px solid var(--rule); background: var(--surface); }
details { margin-top: 14px; }
summary { cursor: pointer; font-weight: 600; font-size: 15px; }
dl.words { display: grid; grid-template-columns: max-content 1fr; gap: 7px 20px; font-size: 14.5px; max-width: 62em; }
dl.words dt { font-weight: 600; }
dl.words dd { margin: 0; color: var(--muted); }
h3.part { font-size: 18px; margin: 34px 0 4px; } h3.part + .intro { margin-top: 0; } .grid + .grid, .scroll + .grid { margin-top: 26px; }
dl.findings { margin: 14px 0 0; max-width: 62em; }
dl.findings div { border-left: 3px solid var(--rule); padding: 2px 0 2px 16px; margin: 0 0 16px; }
dl.findings div.reproduced { border-color: var(--all); } dl.findings div.contradicted { border-color: var(--backdoor); }
dl.findings dt { font-weight: 600; } dl.findings dd { margin: 2px 0 0; font-size: 14.5px; color: var(--muted); } dl.findings b { color: var(--ink); }
footer { border-top: 1px solid var(--rule); margin-top: 20px; padding-top: 16px; padding-bottom: 40px; font-size: 13px; color: var(--muted); }
@media (max-width: 560px) {
  .plot.wide { display: none; } .plot.narrow { display: block; }
  main, header.top, footer { padding-left: 16px; padding-right: 16px; }
  dl.words { grid-template-columns: 1fr; gap: 0; } dl.words dd { margin-bottom: 8px; }
  .facts { grid-template-columns: 1fr 1fr; } .gallery img { width: 76px; } .gallery .head { max-width: 76px; }
}`;

/**
 * The page's only script: the theme button, and saving a figure as an SVG file with its colours resolved, so that it
 * opens in any program. The page is complete without it.
 */
export const script = `
(() => {
  const root = document.documentElement;
  const button = document.querySelector('[data-theme-button]');
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const current = () => root.dataset.theme || (dark.matches ? 'dark' : 'light');
  const name = () => { button.textContent = current() === 'dark' ? 'Light' : 'Dark'; };
  const wanted = new URLSearchParams(location.search).get('theme');
  if (wanted === 'light' || wanted === 'dark') root.dataset.theme = wanted;
  button.hidden = false;
  button.addEventListener('click', () => { root.dataset.theme = current() === 'dark' ? 'light' : 'dark'; name(); });
  dark.addEventListener('change', name);
  name();
  const properties = ['fill', 'stroke', 'fill-opacity', 'stroke-opacity', 'stroke-width', 'stroke-dasharray', 'font-size', 'font-weight', 'font-family'];
  const hex = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const plain = (property, value) => {
    if ((property !== 'fill' && property !== 'stroke') || value === 'none' || value.startsWith('rgb')) return value;
    hex.clearRect(0, 0, 1, 1); hex.fillStyle = value; hex.fillRect(0, 0, 1, 1);
    const [r, g, b] = hex.getImageData(0, 0, 1, 1).data;
    return 'rgb(' + r + ',' + g + ',' + b + ')';
  };
  const flat = (element) => {
    const copy = element.cloneNode(true);
    const from = [element, ...element.querySelectorAll('*')], to = [copy, ...copy.querySelectorAll('*')];
    from.forEach((e, i) => {
      if (['title', 'desc', 'style'].includes(e.localName)) return;
      const computed = getComputedStyle(e);
      to[i].removeAttribute('style');
      for (const p of properties) to[i].setAttribute(p, plain(p, computed.getPropertyValue(p)));
    });
    copy.querySelectorAll('style').forEach((e) => e.remove());
    return copy;
  };
  const legendOf = (figure) => {
    const box = figure.parentElement, beside = box.matches('.grid') ? [] : [...box.querySelectorAll(':scope > .legend')];
    const epochs = figure.querySelector('.epochs') || figure.closest('section').querySelector('.intro .epochs');
    const before = figure.closest('.grid') && figure.closest('.grid').previousElementSibling;
    const above = before && before.matches('.legend') ? before : epochs && document.querySelector('section > .legend');
    return { entries: (beside.length ? beside : above ? [above] : []).flatMap((l) => [...l.children]), epochs };
  };
  const addLegend = (figure, svg, copy) => {
    const { entries, epochs } = legendOf(figure);
    const [, , width, height] = svg.getAttribute('viewBox').split(/[ ,]+/).map(Number);
    const ink = getComputedStyle(svg).color, family = getComputedStyle(svg).fontFamily;
    hex.font = '11.5px ' + family;
    const wide = (text) => hex.measureText(text).width;
    let x = 14, y = height;
    const place = (w) => {
      if (x > 14 && x + w > width - 14) { x = 14; y += 18; }
      x += w + 14;
      return x - w - 14;
    };
    const add = (name, attributes, parent = copy) => {
      const element = document.createElementNS(svg.namespaceURI, name);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      return parent.appendChild(element);
    };
    const say = (text, at) => {
      add('text', { x: at, y: y + 12, fill: ink, stroke: 'none', 'font-family': family, 'font-size': '11.5px', 'text-anchor': 'start' }).textContent = text;
    };
    for (const entry of entries) {
      const text = entry.lastChild.textContent.trim(), at = place(36 + wide(text)), drawn = entry.querySelector('svg');
      if (drawn) {
        const mark = flat(drawn);
        mark.setAttribute('x', at); mark.setAttribute('y', y + 2);
        copy.appendChild(mark);
      } else {
        const box = getComputedStyle(entry.querySelector('.box'));
        const dashed = box.borderTopStyle === 'dashed' ? '3 3' : 'none';
        add('rect', { x: at + 4, y: y + 2, width: 22, height: 12, fill: box.backgroundColor, 'fill-opacity': box.opacity, stroke: box.borderTopColor, 'stroke-dasharray': dashed });
      }
      say(text, at + 36);
    }
    const ramp = epochs && epochs.querySelector('.ramp');
    if (ramp) {
      const [first, last] = [ramp.previousSibling, ramp.nextSibling].map((n) => n.textContent.trim());
      const at = place(wide(first) + 142 + wide(last)), from = at + wide(first) + 6;
      const gradient = add('linearGradient', { id: 'time' });
      ['a', 'b', 'c'].forEach((name, i) => {
        add('stop', { offset: i / 2, 'stop-color': getComputedStyle(root).getPropertyValue('--ramp-' + name).trim() }, gradient);
      });
      say(first, at); say(last, from + 136);
      add('rect', { x: from, y: y + 3, width: 130, height: 9, rx: 4, fill: 'url(#time)', stroke: 'none' });
    }
    if (!entries.length && !ramp) return;
    copy.setAttribute('viewBox', '0 0 ' + width + ' ' + (y + 32));
    copy.setAttribute('width', width); copy.setAttribute('height', y + 32);
  };
  for (const figure of document.querySelectorAll('figure[data-name]')) {
    const save = document.createElement('button');
    save.className = 'save'; save.type = 'button'; save.textContent = 'SVG';
    save.setAttribute('aria-label', 'Save this figure as an SVG file');
    save.addEventListener('click', () => {
      const svg = [...figure.querySelectorAll('svg.figure')].find((s) => s.getBoundingClientRect().width > 0);
      const copy = flat(svg);
      addLegend(figure, svg, copy);
      const ground = document.createElementNS(svg.namespaceURI, 'rect');
      ground.setAttribute('width', '100%'); ground.setAttribute('height', '100%');
      ground.setAttribute('fill', getComputedStyle(document.body).backgroundColor);
      copy.insertBefore(ground, copy.firstChild);
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' }));
      link.download = figure.dataset.name + '.svg';
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    figure.append(save);
  }
})();`;
