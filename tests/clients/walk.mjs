// A sitting walked by the generated TypeScript client: node walk.mjs CLIENT ADDRESS KEY. Prints what it saw as JSON.
const [, , folder, baseUrl, key] = process.argv;
const api = await import(`${folder}/index.js`);
const { client } = await import(`${folder}/client.gen.js`);
client.setConfig({ baseUrl, auth: () => key });

const made = await api.createSitting({
  body: { design: 'practice', learner: 'etu-ts' },
  headers: { 'Idempotency-Key': 'ts-1' },
});
const path = { sitting_id: made.data.id };
const started = await api.startSitting({ path });
const { position, item } = started.data.question;
const answered = await api.answerQuestion({
  path,
  body: { position, item: item.id, response: null },
  headers: { 'Idempotency-Key': 'ts-2' },
});
const read = await api.readSitting({ path });
const refused = await api.readSitting({ path: { sitting_id: '00000000-0000-4000-8000-000000000000' } });
console.log(
  JSON.stringify({
    created: made.response.status,
    outcome: answered.data.outcome,
    next: answered.data.question.position,
    answered: read.data.answered,
    status: read.data.status,
    refused: refused.error.code,
  }),
);
