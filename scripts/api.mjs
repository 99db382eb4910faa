/**
 * `npm run api`: writes docs/api.md from the docstrings of what `src/index.ts` exports.
 *
 * The compiler is the one that ts-morph brings along: TypeScript 7 has no programming interface of this kind.
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Node, Project, SyntaxKind, ts } from 'ts-morph';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const INDEX = join(root, 'src', 'index.ts');
const FLAGS =
  ts.TypeFormatFlags.NoTruncation |
  ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope |
  ts.TypeFormatFlags.UseSingleQuotesForStringLiteralType;

const HEAD = `# The library, name by name

Written by \`npm run api\` from the docstrings: change those, not this page. How it is used: [library.md](library.md), and
[examples](../examples/README.md). Shapes are row-major, [n, h, w, c] images, [n, d] rows of columns; information is in nats.
A mistake of the caller is a \`UserError\`, whose message is one line.
`;

/** The namespaces in the order in which they are likely to be looked for; others follow. */
const ORDER = [
  'ibscope',
  'information',
  'attacks',
  'datasets',
  'dynamics',
  'perception',
  'representation',
  'models',
  'engine',
];

/** The headings of an entry's group, in their order. */
const GROUPS = ['functions', 'classes', 'constants', 'types'];

/** The page of what a file exports. Throws an error that lists the names of what has no docstring. */
export function apiText(file = INDEX) {
  const rooms = readRooms(file);
  const bare = rooms.flatMap((room) => room.entries.flatMap((entry) => withoutDocs(entry)));
  if (bare.length > 0) throw new Error(`without a docstring:\n${bare.map((name) => `  ${name}`).join('\n')}`);
  const anchors = anchorsOf(rooms);
  const contents = rooms.map((room) => tableOfContents(room, anchors)).join('\n');
  return `${HEAD}\n${contents}\n${rooms.map((room) => roomText(room, anchors)).join('')}`;
}

/** Types in public signatures that the library has no name for, each with a place where it stands. */
export function hiddenTypes() {
  const rooms = readRooms(INDEX);
  const known = new Set(rooms.flatMap((room) => room.entries.map((entry) => entry.node)));
  const hidden = rooms.flatMap(({ entries }) =>
    entries.flatMap((entry) =>
      usedTypes(entry)
        .filter((used) => !known.has(used))
        .map((used) => `${used.getName()} of ${entry.path}`),
    ),
  );
  return [...new Set(hidden)].sort();
}

/** The namespaces with their entries, and the names at the top as a first room without a prefix. */
function readRooms(file) {
  const project = new Project({
    tsConfigFilePath: join(root, 'tsconfig.build.json'),
    skipAddingFilesFromTsConfig: true,
  });
  const index = project.addSourceFileAtPath(file);
  const top = { name: 'ibscope', summary: moduleDoc(index), entries: [] };
  const rooms = [top];
  for (const symbol of index.getExportSymbols()) {
    const name = symbol.getName();
    const target = symbol.getAliasedSymbol() ?? symbol;
    const [node] = target.getDeclarations();
    if (node.getSourceFile().isInNodeModules()) top.entries.push(foreign(name, symbol));
    else if (Node.isSourceFile(node))
      rooms.push({ name, summary: moduleDoc(node), entries: entriesOf(node, `${name}.`) });
    else top.entries.push(entryOf(name, '', node));
  }
  const place = ({ name }) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  for (const { entries } of rooms) entries.sort((a, b) => a.name.localeCompare(b.name, 'en'));
  return rooms.sort((a, b) => place(a) - place(b));
}

function entriesOf(file, prefix) {
  return file.getExportSymbols().flatMap((symbol) => {
    const [node] = (symbol.getAliasedSymbol() ?? symbol).getDeclarations();
    return [entryOf(symbol.getName(), prefix, node)];
  });
}

/** A name of another package that is handed on. */
function foreign(name, symbol) {
  const declaration = symbol.getDeclarations()[0].getFirstAncestorByKind(SyntaxKind.ExportDeclaration);
  const from = declaration.getModuleSpecifierValue();
  return {
    name,
    path: name,
    group: 'constants',
    node: declaration,
    docs: comment(
      declaration
        .getLeadingCommentRanges()
        .map((range) => range.getText())
        .at(-1) ?? '',
    ),
    signature: `export { ${name} } from '${from}'`,
    members: [],
  };
}

function entryOf(name, prefix, node) {
  const common = { name, path: prefix + name, node, docs: docsOf(node) };
  if (Node.isFunctionDeclaration(node))
    return { ...common, group: 'functions', signature: head(node, node.getBody()), members: [] };
  if (Node.isClassDeclaration(node))
    return { ...common, group: 'classes', signature: classHead(node), members: classMembers(node) };
  if (Node.isInterfaceDeclaration(node))
    return { ...common, group: 'types', signature: interfaceHead(node), members: node.getMembers().flatMap(memberOf) };
  if (Node.isTypeAliasDeclaration(node)) return { ...common, group: 'types', ...aliasOf(node) };
  if (Node.isVariableDeclaration(node)) {
    const callable = node.getType().getCallSignatures().length > 0;
    return { ...common, group: callable ? 'functions' : 'constants', signature: variableHead(node), members: [] };
  }
  throw new Error(`${prefix}${name}: a ${node.getKindName()} is not written about yet`);
}

/** The text of a declaration up to its body. */
function head(node, body) {
  const text = node.getText();
  const end = body ? body.getStart() - node.getStart() : text.length;
  const shown = text
    .slice(0, end)
    .trim()
    .replace(/^export /, '');
  return node.getReturnTypeNode() ? shown : `${shown}: ${typeText(node.getReturnType(), node)}`;
}

function classHead(node) {
  const base = node.getExtends();
  return `class ${node.getName()}${base ? ` extends ${base.getText()}` : ''}`;
}

function typeParameters(node) {
  const parameters = node.getTypeParameters().map((t) => t.getText());
  return parameters.length > 0 ? `<${parameters.join(', ')}>` : '';
}

function interfaceHead(node) {
  const base = node.getExtends().map((e) => e.getText());
  return `interface ${node.getName()}${typeParameters(node)}${base.length > 0 ? ` extends ${base.join(', ')}` : ''}`;
}

function variableHead(node) {
  const declared = node.getTypeNode()?.getText() ?? typeText(node.getType(), node);
  return `const ${node.getName()}: ${declared}`;
}

const typeText = (type, node) => type.getText(node, FLAGS).replace(/import\('[^']*'\)\.|import\("[^"]*"\)\./g, '');

/** A type: fields where it has some, its members written out where they are computed from a list. */
function aliasOf(node) {
  const written = node.getTypeNode();
  const name = node.getName() + typeParameters(node);
  if (Node.isTypeLiteral(written))
    return { signature: `type ${name}`, members: written.getMembers().flatMap(memberOf) };
  if (written.getText().startsWith('z.infer'))
    return {
      signature: `type ${name}`,
      members: node
        .getType()
        .getProperties()
        .map((p) => inferred(p, node)),
    };
  const computed = /\btypeof\b/.test(written.getText()) && node.getType().isUnion();
  const words = () =>
    node
      .getType()
      .getUnionTypes()
      .map((t) => typeText(t, node))
      .join(' | ');
  return { signature: `type ${name} = ${computed ? words() : written.getText().replace(/^\| /, '')}`, members: [] };
}

/** A key of a zod schema, whose description stands in the call of `describe`. */
function inferred(property, at) {
  const [declaration] = property.getDeclarations();
  const call = declaration
    .getDescendantsOfKind(SyntaxKind.CallExpression)
    .find((c) => c.getExpression().getText().endsWith('.describe'));
  const text = call?.getArguments()[0];
  return {
    name: property.getName(),
    optional: property.isOptional(),
    type: typeText(property.getTypeAtLocation(at).getNonNullableType(), at),
    docs: text ? spoken(text) : '',
  };
}

/** What a description says, without the lists that are put in when it runs: the type has them. */
function spoken(text) {
  if (!Node.isTemplateExpression(text)) return text.getLiteralText();
  const parts = [text.getHead(), ...text.getTemplateSpans().map((span) => span.getLiteral())];
  return parts.map((part) => part.getLiteralText().replace(/:? $/, '')).join('');
}

/** A field; one whose type has fields of its own is followed by these. */
function memberOf(member) {
  if (Node.isMethodSignature(member) || Node.isMethodDeclaration(member)) {
    const parameters = member.getParameters().map((p) => p.getText());
    const result = member.getReturnTypeNode()?.getText() ?? typeText(member.getReturnType(), member);
    const method = {
      name: member.getName(),
      optional: member.hasQuestionToken?.() ?? false,
      method: true,
      type: `${typeParameters(member)}(${parameters.join(', ')}) => ${result}`,
      docs: docsOf(member),
    };
    return [method];
  }
  const written = member.getTypeNode?.() ?? member.getReturnTypeNode?.();
  const field = {
    name: member.getName?.() ?? member.getText(),
    optional: member.hasQuestionToken?.() ?? false,
    type: written?.getText() ?? typeText(member.getType(), member),
    docs: docsOf(member),
  };
  if (!Node.isTypeLiteral(written) || !written.getMembers().some((m) => docsOf(m) !== '')) return [field];
  const inner = written.getMembers().flatMap(memberOf);
  return [{ ...field, type: 'object' }, ...inner.map((m) => ({ ...m, name: `${field.name}.${m.name}` }))];
}

/** What is public of a class, the constructor first. */
function classMembers(node) {
  const open = (m) => !m.hasModifier?.(SyntaxKind.PrivateKeyword) && !m.hasModifier?.(SyntaxKind.ProtectedKeyword);
  const makers = node.getConstructors().filter(open);
  const made = makers.map((maker) => ({
    name: 'constructor',
    method: true,
    type: `(${maker
      .getParameters()
      .map((p) => p.getText().replace(/^(private |protected |readonly |public )+/, ''))
      .join(', ')})`,
    docs: docsOf(maker),
  }));
  const kept = makers
    .flatMap((maker) => maker.getParameters())
    .filter((p) => p.isParameterProperty() && open(p))
    .flatMap(memberOf);
  const members = [
    ...node.getStaticMembers(),
    ...node.getInstanceMembers().filter((m) => !Node.isParameterDeclaration(m)),
  ];
  return [
    ...made,
    ...kept,
    ...members
      .filter(open)
      .filter((m) => !m.hasOverrideKeyword?.())
      .flatMap(memberOf),
  ];
}

/** The docstring of a declaration as Markdown. */
function docsOf(node) {
  const holder = Node.isVariableDeclaration(node) ? node.getVariableStatement() : node;
  if (Node.isJSDocable(holder)) return comment(holder.getJsDocs().at(-1)?.getText() ?? '');
  // Parameters of a constructor take no JSDoc in the compiler's eyes.
  return comment(holder.getLeadingCommentRanges().at(-1)?.getText() ?? '');
}

/** The first comment of a file. */
function moduleDoc(file) {
  return comment(/^\/\*\*[\s\S]*?\*\//.exec(file.getFullText())?.[0] ?? '');
}

/** The text of a `/** … *\/` comment. */
function comment(text) {
  if (!text.startsWith('/**')) return '';
  return text
    .slice(3, -2)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim();
}

/** Everything exported has to say what it is; of a class, its methods too. */
function withoutDocs({ path, docs, group, members }) {
  const own = docs === '' ? [path] : [];
  if (group !== 'classes') return own;
  return [
    ...own,
    ...members.filter((m) => m.method && m.name !== 'constructor' && m.docs === '').map((m) => `${path}.${m.name}`),
  ];
}

/** Declarations of this project that a signature or a field names. */
function usedTypes({ node }) {
  const shown = Node.isFunctionDeclaration(node)
    ? [...node.getTypeParameters(), ...node.getParameters(), node.getReturnTypeNode()]
    : Node.isVariableDeclaration(node)
      ? [node.getTypeNode()]
      : Node.isClassDeclaration(node)
        ? publicParts(node)
        : [node];
  const names = shown
    .filter(Boolean)
    .flatMap((part) => [
      ...part.getDescendantsOfKind(SyntaxKind.TypeReference).map((r) => r.getTypeName()),
      ...(Node.isTypeReference(part) ? [part.getTypeName()] : []),
      ...part.getDescendantsOfKind(SyntaxKind.ExpressionWithTypeArguments).map((e) => e.getExpression()),
    ]);
  const found = names.flatMap((name) => {
    const symbol = name.getSymbol();
    return (symbol?.getAliasedSymbol() ?? symbol)?.getDeclarations() ?? [];
  });
  const ours = found.filter((d) => !Node.isTypeParameterDeclaration(d) && !d.getSourceFile().isInNodeModules());
  return [...new Set(ours)].filter((d) => d !== node && !d.getSourceFile().isDeclarationFile());
}

function publicParts(node) {
  const members = [...node.getConstructors(), ...node.getStaticMembers(), ...node.getInstanceMembers()];
  return members
    .filter((m) => !m.hasModifier(SyntaxKind.PrivateKeyword))
    .flatMap((m) => [...(m.getParameters?.() ?? []), m.getReturnTypeNode?.(), m.getTypeNode?.()]);
}

/** Anchors as GitHub and others make them of headings: repeated ones get a number. */
function anchorsOf(rooms) {
  const seen = new Map();
  const anchors = new Map();
  const take = (key, heading) => {
    const slug = slugOf(heading);
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    anchors.set(key, times === 0 ? slug : `${slug}-${times}`);
  };
  take('page', HEAD.split('\n')[0].slice(2));
  for (const room of rooms) {
    take(room, room.name);
    for (const group of GROUPS) {
      const entries = room.entries.filter((e) => e.group === group);
      if (entries.length > 0) take(`${room.name} ${group}`, `${room.name}: ${group}`);
      for (const entry of entries) take(entry.node, entry.path);
    }
  }
  return anchors;
}

/** A heading's anchor: small letters, digits, "-" and "_"; spaces become "-". */
export const slugOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

function tableOfContents({ name, entries, ...room }, anchors) {
  const self = [...anchors.keys()].find((key) => key.name === name && key.entries === entries);
  const lines = GROUPS.flatMap((group) => {
    const some = entries.filter((e) => e.group === group);
    if (some.length === 0) return [];
    return [`  - ${group}: ${some.map((e) => `[${e.name}](#${anchors.get(e.node)})`).join(', ')}`];
  });
  return [`- [**${name}**](#${anchors.get(self)}): ${firstSentence(room.summary)}`, ...lines].join('\n');
}

const firstSentence = (text) => text.replace(/\s+/g, ' ').replace(/([.:])( .*)?$/s, '');

function roomText({ name, summary, entries }, anchors) {
  const groups = GROUPS.map((group) => {
    const some = entries.filter((e) => e.group === group);
    if (some.length === 0) return '';
    return `\n### ${name}: ${group}\n${some.map((entry) => entryText(entry, anchors)).join('')}`;
  });
  return `\n## ${name}\n\n${prose(summary)}\n${groups.join('')}`;
}

function entryText(entry, anchors) {
  const { path, signature, docs, members } = entry;
  const links = usedTypes(entry)
    .filter((node) => anchors.has(node))
    .map((node) => `[${node.getName()}](#${anchors.get(node)})`);
  return [
    `\n#### ${path}\n`,
    `\`\`\`ts\n${signature}\n\`\`\`\n`,
    `${prose(docs)}\n`,
    ...(members.length > 0 ? [table(members)] : []),
    ...(links.length > 0 ? [`Types: ${links.join(', ')}\n`] : []),
  ].join('\n');
}

function table(members) {
  const cell = (text) => text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
  const rows = members.map(
    (m) => `| \`${m.name}${m.optional ? '?' : ''}\` | \`${cell(m.type)}\` | ${cell(prose(m.docs))} |`,
  );
  return `| name | type | what it is |\n|---|---|---|\n${rows.join('\n')}\n`;
}

/** A docstring outside of its code: "<" would begin a tag, "**" bold type, and other pages become links. */
const prose = (text) =>
  text
    .split(/(`[^`]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : plain(part)))
    .join('');

const plain = (text) =>
  text
    .replaceAll('<', '&lt;')
    .replaceAll('**', '\\*\\*')
    .replace(/\bdocs\/([\w-]+\.md)/g, '[$1]($1)');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    writeFileSync(join(root, 'docs', 'api.md'), apiText());
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
